/** ONNX Runtime in Node: the only importer of onnxruntime-node. */
import { availableParallelism } from "node:os";
import * as ort from "onnxruntime-node";
import { SeawallError } from "../base/index.js";
import type { DetachedModel } from "../onnx/index.js";
import { cudaProblem } from "./cuda.node.js";
import { memoryBound } from "./memory.node.js";
import { commonOptions, refused, toEngine, wrapped } from "./ort.js";
import {
  type Device,
  type DeviceInfo,
  type Engine,
  isNameList,
  type Session,
  type SessionOptions,
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
    throw refused(options.label, error);
  }
}

function sessionOptions(options: SessionOptions): ort.InferenceSession.SessionOptions {
  return {
    ...commonOptions(options),
    executionProviders: options.device && options.device !== "cpu" ? [options.device, "cpu"] : ["cpu"],
    ...(options.threads !== undefined && { intraOpNumThreads: Math.min(options.threads, mostThreads) }),
  };
}

const inputs = toEngine(ort.Tensor);

function wrap(session: ort.InferenceSession, label: string): Session {
  return wrapped(session, label, (feeds, fetches) => {
    if (!fetches) return session.run(inputs(feeds));
    return session.run(inputs(feeds), isNameList(fetches) ? [...fetches] : inputs(fetches));
  });
}

const known: readonly string[] = ["cpu", "cuda", "webgpu"] satisfies Device[];

function devices(): DeviceInfo[] {
  return ort
    .listSupportedBackends()
    .filter((backend) => known.includes(backend.name))
    .map((backend) => ({ device: backend.name as Device, bundled: backend.bundled }));
}
