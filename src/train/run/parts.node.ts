/** A batch attacked in equal parts side by side, each by a worker with an engine of its own. */
import { availableParallelism } from "node:os";
import { float32, invariant, type Tensor } from "../../base/index.js";
import type { Graph, ValueInfo } from "../../onnx/index.js";
import type { SessionOptions, Tensors } from "../../runtime/index.js";
import { openThreadSession, type ThreadSession } from "../../runtime/index.node.js";
import type { AttackSession } from "../loop/network.js";

/**
 * Opens the attack graph of 1/`count` of a batch in `count` workers, as a session that takes the whole batch. The
 * workers share the threads.
 */
export async function openInParts(
  graph: Graph,
  count: number,
  engine: SessionOptions,
): Promise<AttackSession> {
  const threads = Math.max(1, Math.floor((engine.threads ?? availableParallelism()) / count));
  const workers = await Promise.all(
    Array.from({ length: count }, () => openThreadSession(graph, { ...engine, threads })),
  );
  return {
    keep: async (parameters) => void (await Promise.all(workers.map((worker) => worker.keep(parameters)))),
    run: attackSideBySide(workers, graph.inputs),
    dispose: async () => void (await Promise.all(workers.map((worker) => worker.dispose()))),
  };
}

function attackSideBySide(
  workers: readonly ThreadSession[],
  inputs: readonly ValueInfo[],
): AttackSession["run"] {
  return async (feeds, fetches) => {
    invariant(
      fetches && "next" in fetches && "loss" in fetches,
      "a step of the attack gives `next` and `loss`",
    );
    const means = workers.map(() => ({ loss: scalar(), counted: scalar() }));
    const run = (worker: ThreadSession, i: number) => {
      const next = partOf(fetches.next!, i, workers.length);
      return worker.run(partsOf(feeds, inputs, i, workers.length), { next, ...means[i]! });
    };
    await Promise.all(workers.map(run));
    fetches.loss!.data.fill(meanOf(means) as never);
    return { ...fetches };
  };
}

const scalar = () => float32([], new Float32Array(1));

/** The feeds of part `i`: tensors of the shape that the graph declares go to every part, larger ones are divided. */
function partsOf(feeds: Tensors, inputs: readonly ValueInfo[], i: number, count: number): Tensors {
  const declared = new Map(inputs.map(({ name, shape }) => [name, shape]));
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => {
      const shared = declared.get(name)?.[0] === tensor.dims[0];
      return [name, shared ? tensor : partOf(tensor, i, count)];
    }),
  );
}

/** Part `i` of `count` of a tensor with one row per image: a view of its memory. */
function partOf({ type, dims, data }: Tensor, i: number, count: number): Tensor {
  const [images, ...rest] = dims as [number, ...number[]];
  const [start, end] = [i, i + 1].map((k) => (k * data.length) / count);
  return { type, dims: [images / count, ...rest], data: (data as Float32Array).subarray(start, end) };
}

interface PartMean {
  readonly loss: Tensor<"float32">;
  /** Number of pixels that the mean is over. */
  readonly counted: Tensor<"float32">;
}

/** The mean over the pixels of all parts. */
function meanOf(means: readonly PartMean[]): number {
  let [sum, count] = [0, 0];
  for (const { loss, counted } of means) {
    sum += counted.data[0]! * loss.data[0]!;
    count += counted.data[0]!;
  }
  return sum / Math.max(1, count);
}
