/** Lanes: equal parts of a batch are attacked side by side, each in a thread with an engine of its own. */
import { availableParallelism } from "node:os";
import { float32, invariant, type Tensor } from "../base/index.js";
import type { Graph } from "../onnx/index.js";
import type { SessionOptions } from "../runtime/index.js";
import { openThreadSession, type ThreadSession } from "../runtime/index.node.js";
import type { AttackSession, NetworkOptions } from "./network.js";

type Tensors = Readonly<Record<string, Tensor>>;

/** Each holds the parameters for itself; beyond a few, threads within them serve as well. */
const mostLanes = 4;

/** One per thread, as far as the images can be divided; accelerators and gradients that are added up want one. */
export function laneCount(
  { attacked, accumulating }: NetworkOptions,
  { device = "cpu", threads = availableParallelism() }: SessionOptions,
): number {
  if (accumulating || device !== "cpu") return 1;
  let lanes = Math.min(threads, attacked, mostLanes);
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
    const losses = parts.map(() => float32([], new Float32Array(1)));
    const run = (part: ThreadSession, i: number) => {
      const next = partOf(fetches.next!, i, parts.length);
      return part.run(partsOf(feeds, i, parts.length), { next, loss: losses[i]! });
    };
    await Promise.all(parts.map(run));
    fetches.loss!.data.fill(meanOf(losses, feeds.labels!) as never);
    return { ...fetches };
  };
}

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

/** The mean over the counted pixels of all parts, from that of each. */
function meanOf(losses: readonly Tensor[], { data }: Tensor): number {
  const length = data.length / losses.length;
  let [sum, count] = [0, 0];
  for (const [i, loss] of losses.entries()) {
    const counted = countedIn((data as BigInt64Array).subarray(i * length, (i + 1) * length));
    sum += counted * (loss.data as Float32Array)[0]!;
    count += counted;
  }
  return sum / Math.max(1, count);
}

function countedIn(labels: BigInt64Array): number {
  let count = 0;
  for (const label of labels) if (label >= 0n) count++;
  return count;
}
