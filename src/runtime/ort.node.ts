/** ONNX Runtime in Node: the only importer of onnxruntime-node. */
import { availableParallelism } from "node:os";
import * as ort from "onnxruntime-node";
import { type DataType, messageOf, SeawallError, type Tensor } from "../base/index.js";
import type { DetachedModel } from "../onnx/index.js";
import { cudaProblem } from "./cuda.node.js";
import { memoryBound } from "./memory.node.js";
import {
  type Device,
  type DeviceInfo,
  type Engine,
  type Fetches,
  isNameList,
  type Session,
  type SessionOptions,
  type Tensors,
} from "./session.js";

// Official builds of the engine report their use to Microsoft, and leave a log in the temporary folder for every process.
// They read this variable before the first session; of a worker thread they do not see it.
process.env.ORT_DISABLE_TELEMETRY ??= "1";
// What the engine says outside a session, while it makes the kernels. Its warnings are about operators that it keeps.
ort.env.logLevel = "error";

const mostThreads = 4 * availableParallelism();

export const ortEngine: Engine = {
  name: "onnxruntime-node",
  version: ort.env.versions.node ?? ort.env.versions.common,
  memory: memoryBound,
  mostThreads,
  open,
  devices,
};

async function open({ model, tensors }: DetachedModel, options: SessionOptions): Promise<Session> {
  // CUDA's libraries read this variable when they are loaded. TF32 keeps ten bits of a factor; attacks amplify the error.
  if (options.device === "cuda") process.env.NVIDIA_TF32_OVERRIDE = "0";
  try {
    const externalData = tensors.map(({ location, bytes }) => ({ path: location, data: bytes }));
    const session = await ort.InferenceSession.create(model, { ...sessionOptions(options), externalData });
    return wrap(session, options.label ?? "model");
  } catch (error) {
    const problem = options.device === "cuda" ? await cudaProblem() : undefined;
    if (problem) throw new SeawallError("config", `--device cuda: ${problem}`, { cause: error });
    throw new SeawallError(
      "model",
      `${options.label ?? "model"}: ONNX Runtime refuses it: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

function sessionOptions(options: SessionOptions): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: options.device && options.device !== "cpu" ? [options.device, "cpu"] : ["cpu"],
    graphOptimizationLevel: options.optimization === "none" ? "disabled" : "all",
    ...(options.threads !== undefined && { intraOpNumThreads: Math.min(options.threads, mostThreads) }),
    // The first run finds room for each value by itself, all later ones would ask for one block of the same size beside it.
    enableMemPattern: false,
    ...(options.arena === false && { enableCpuMemArena: false }),
    // Sessions run in turn: threads of one session that still wait for work would take processors from the next.
    extra: {
      session: { force_spinning_stop: "1" },
      ...(options.mergeCommon === false && {
        optimization: { disable_specified_optimizers: "CommonSubexpressionElimination" },
      }),
    },
    // Fatal errors only: others come as exceptions too, and the warnings are about the engine's own graph rewriting.
    logSeverityLevel: 4,
  };
}

function wrap(session: ort.InferenceSession, label: string): Session {
  const tensors = session.outputMetadata.filter((output) => output.isTensor);
  return {
    outputTypes: new Map(tensors.map(({ name, type }) => [name, type as DataType])),
    outputShapes: new Map(tensors.map(({ name, shape }) => [name, shape])),
    async run(feeds, fetches) {
      const inputs = allToEngine(feeds);
      try {
        const results = await (fetches ? session.run(inputs, wanted(fetches)) : session.run(inputs));
        return Object.fromEntries(
          Object.entries(results).map(([name, result]) => [name, fromEngine(result)]),
        );
      } catch (error) {
        throw new SeawallError("model", `${label}: running it failed: ${messageOf(error)}`, { cause: error });
      }
    },
    dispose: () => session.release(),
  };
}

function wanted(fetches: Fetches): string[] | Record<string, ort.Tensor> {
  return isNameList(fetches) ? [...fetches] : allToEngine(fetches);
}

function allToEngine(tensors: Tensors): Record<string, ort.Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toEngine(tensor)]));
}

function toEngine(tensor: Tensor): ort.Tensor {
  return new ort.Tensor(tensor.type as ort.Tensor.Type, tensor.data as ort.Tensor.DataType, tensor.dims);
}

function fromEngine(tensor: ort.Tensor): Tensor {
  return { type: tensor.type as DataType, dims: tensor.dims, data: tensor.data as Tensor["data"] };
}

const known: readonly string[] = ["cpu", "cuda", "webgpu"] satisfies Device[];

function devices(): DeviceInfo[] {
  return ort
    .listSupportedBackends()
    .filter((backend) => known.includes(backend.name))
    .map((backend) => ({ device: backend.name as Device, bundled: backend.bundled }));
}
