/** A batch attacked in equal parts side by side, each by a worker with an engine of its own. */
import { availableParallelism } from "node:os";
import { type DataType, float32, invariant, type Tensor } from "../../base/index.js";
import { bindProgram, cpuThresholds, type TensorSpecs, type TensorsOf } from "../../compile/index.js";
import type { SessionOptions } from "../../runtime/index.js";
import { openThreadSession } from "../../runtime/index.node.js";
import type { AttackProgram, SessionOf } from "../graphs/graphs.js";
import {
  type AttackSession,
  type NetworkBuilds,
  type NetworkOptions,
  TrainingNetwork,
} from "../loop/network.js";

/**
 * Opens a network whose attack runs in workers where the batch has several parts. Its sessions take turns. Those of a large
 * network, and of one that recomputes, give back what a run took, so that the largest of them decides the memory and not
 * their sum; those of a small one keep it, since fresh memory takes longer than many of its operators.
 */
export function openNetwork(
  options: NetworkOptions,
  builds: NetworkBuilds,
  engine: SessionOptions,
): Promise<TrainingNetwork> {
  const { parts } = builds;
  const isSmall = builds.layouts.learned.length <= cpuThresholds.keptMemory.value;
  const arena = isSmall && (options.recompute ?? "none") === "none";
  const settings = { ...engine, arena };
  if (parts === 1) return TrainingNetwork.open(options, builds, settings);
  return TrainingNetwork.open(options, builds, settings, (program, settings) =>
    openInParts(program, parts, settings),
  );
}

/**
 * Opens the attack program of 1/`count` of a batch in `count` workers, as a session that takes the whole batch. The
 * workers share the threads.
 */
export async function openInParts(
  program: AttackProgram,
  count: number,
  engine: SessionOptions,
): Promise<AttackSession> {
  const threads = Math.max(1, Math.floor((engine.threads ?? availableParallelism()) / count));
  const workers = await Promise.all(
    Array.from({ length: count }, () => openThreadSession(program.graph, { ...engine, threads })),
  );
  const { inputs } = program.signature;
  const sessions = workers.map((worker) => bindProgram(program, worker));
  return {
    keep: async (parameters) => void (await Promise.all(workers.map((worker) => worker.keep(parameters)))),
    fill: (feeds, filled) => fillSideBySide(sessions, inputs, feeds, filled),
    dispose: async () => void (await Promise.all(workers.map((worker) => worker.dispose()))),
  };
}

type PartSession = SessionOf<AttackProgram>;
type AttackInputs = AttackProgram["signature"]["inputs"];

async function fillSideBySide(
  sessions: readonly PartSession[],
  inputs: AttackInputs,
  feeds: TensorsOf<AttackInputs>,
  { next, loss }: Parameters<PartSession["fill"]>[1],
): Promise<void> {
  invariant(next && loss, "a step of the attack gives `next` and `loss`");
  const means = sessions.map(() => ({ loss: scalar(), counted: scalar() }));
  const fill = (session: PartSession, i: number) =>
    session.fill(partsOf(feeds, inputs, i, sessions.length), {
      next: partOf(next, i, sessions.length),
      ...means[i]!,
    });
  await Promise.all(sessions.map(fill));
  loss.data[0] = meanOf(means);
}

const scalar = () => float32([], new Float32Array(1));

/** The inputs of part `i`: tensors with one row per image are divided, the others go to every part. */
function partsOf(
  feeds: TensorsOf<AttackInputs>,
  inputs: TensorSpecs,
  i: number,
  count: number,
): TensorsOf<AttackInputs> {
  const entries = Object.entries(feeds).map(([name, tensor]) => [
    name,
    inputs[name]?.perImage ? partOf(tensor, i, count) : tensor,
  ]);
  return Object.fromEntries(entries) as TensorsOf<AttackInputs>;
}

/** Part `i` of `count` of a tensor with one row per image: a view of its memory. */
function partOf<T extends DataType>({ type, dims, data }: Tensor<T>, i: number, count: number): Tensor<T> {
  const [images, ...rest] = dims as [number, ...number[]];
  const [start, end] = [i, i + 1].map((k) => (k * data.length) / count);
  const view = (data as Float32Array).subarray(start, end) as Tensor<T>["data"];
  return { type, dims: [images / count, ...rest], data: view };
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
