/** What ONNX Runtime's packages for Node and for browsers have in common: tensors, options and sessions. */
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-common";
import { type DataType, messageOf, SeawallError, type Tensor } from "../base/index.js";
import type { Session, SessionOptions, Tensors } from "./session.js";

/** The options that both packages take; devices and threads are each one's own. */
export function commonOptions(options: SessionOptions): InferenceSession.SessionOptions {
  return {
    graphOptimizationLevel: options.optimization === "none" ? "disabled" : "all",
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

/** The error of a graph that the engine does not load. */
export function refused(label: string | undefined, error: unknown): SeawallError {
  const message = `${label ?? "model"}: ONNX Runtime refuses it: ${messageOf(error)}`;
  return new SeawallError("model", message, { cause: error });
}

/** Tensors on their way to the engine, which reads their memory. */
export type ToEngine = (tensors: Tensors) => Record<string, OrtTensor>;

/** @param Tensor the package's own class: each package knows its tensors by it */
export function toEngine(Tensor: TensorConstructor): ToEngine {
  const one = ({ type, data, dims }: Tensor) =>
    new Tensor(type as OrtTensor.Type, data as OrtTensor.DataType, dims);
  return (tensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, one(tensor)]));
}

function fromEngine(tensor: OrtTensor): Tensor {
  return { type: tensor.type as DataType, dims: tensor.dims, data: tensor.data as Tensor["data"] };
}

/**
 * A session of the engine as Seawall sees it.
 * @param run runs the engine's session, and fills the outputs that are given
 */
export function wrapped(
  session: InferenceSession,
  label: string,
  run: (...asked: Parameters<Session["run"]>) => Promise<InferenceSession.OnnxValueMapType>,
): Session {
  const tensors = session.outputMetadata.filter((output) => output.isTensor);
  return {
    outputTypes: new Map(tensors.map(({ name, type }) => [name, type as DataType])),
    outputShapes: new Map(tensors.map(({ name, shape }) => [name, shape])),
    async run(...asked) {
      try {
        const results = Object.entries(await run(...asked));
        return Object.fromEntries(results.map(([name, result]) => [name, fromEngine(result as OrtTensor)]));
      } catch (error) {
        throw new SeawallError("model", `${label}: running it failed: ${messageOf(error)}`, { cause: error });
      }
    },
    dispose: () => session.release(),
  };
}
