/** Lanes: equal parts of a batch are attacked side by side, each in a thread with an engine of its own. */
import { availableParallelism } from "node:os";
import { float32, invariant, type Tensor } from "../../base/index.js";
import { cpuThresholds } from "../../compile/index.js";
import type { Graph } from "../../onnx/index.js";
import type { SessionOptions, Tensors } from "../../runtime/index.js";
import { openThreadSession, type ThreadSession } from "../../runtime/index.node.js";
import type { AttackSession, NetworkOptions } from "../loop/network.js";

/** One per thread, as far as the images can be divided; accelerators and gradients that are added up want one. */
export function laneCount(
  { attacked, accumulating }: NetworkOptions,
  { device = "cpu", threads = availableParallelism() }: SessionOptions,
): number {
  if (accumulating || device !== "cpu") return 1;
  let lanes = Math.min(threads, attacked, cpuThresholds.trainingWorkers.value);
  while (attacked % lanes !== 0) lanes--;
  return lanes;
}

/**
 * A session for a whole batch over the attack's graph for one part of it; the parts share the threads.
 * @param graph of a step of the attack on 1/`lanes` of the batch
 */
export async function openLanes(graph: Graph, lanes: number, engine: SessionOptions): Promise<AttackSession> {
  const threads = Math.max(1, Math.floor((engine.threads ?? availableParallelism()) / lanes));
  const parts = await Promise.all(
    Array.from({ length: lanes }, () => openThreadSession(graph, { ...engine, threads })),
  );
  return {
    keep: async (parameters) => void (await Promise.all(parts.map((part) => part.keep(parameters)))),
    run: attackSideBySide(parts),
    dispose: async () => void (await Promise.all(parts.map((part) => part.dispose()))),
  };
}

function attackSideBySide(parts: readonly ThreadSession[]): AttackSession["run"] {
  return async (feeds, fetches) => {
    invariant(
      fetches && "next" in fetches && "loss" in fetches,
      "a step of the attack gives `next` and `loss`",
    );
    const means = parts.map(() => ({ loss: scalar(), counted: scalar() }));
    const run = (part: ThreadSession, i: number) => {
      const next = partOf(fetches.next!, i, parts.length);
      return part.run(partsOf(feeds, i, parts.length), { next, ...means[i]! });
    };
    await Promise.all(parts.map(run));
    fetches.loss!.data.fill(meanOf(means) as never);
    return { ...fetches };
  };
}

const scalar = () => float32([], new Float32Array(1));

/** Part `i` of what has a row for each image; the radius and the step size are the same for all. */
function partsOf(tensors: Tensors, i: number, count: number): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const whole = name === "radius" || name === "stepSize";
      return [name, whole ? tensor : partOf(tensor, i, count)];
    }),
  );
}

/** Part `i` of `count` of a batch, in its memory. */
function partOf({ type, dims, data }: Tensor, i: number, count: number): Tensor {
  const [images, ...rest] = dims as [number, ...number[]];
  const [start, end] = [i, i + 1].map((k) => (k * data.length) / count);
  return { type, dims: [images / count, ...rest], data: (data as Float32Array).subarray(start, end) };
}

interface PartMean {
  readonly loss: Tensor<"float32">;
  /** Over how many pixels. */
  readonly counted: Tensor<"float32">;
}

/** The mean over all parts. */
function meanOf(means: readonly PartMean[]): number {
  let [sum, count] = [0, 0];
  for (const { loss, counted } of means) {
    sum += counted.data[0]! * loss.data[0]!;
    count += counted.data[0]!;
  }
  return sum / Math.max(1, count);
}
