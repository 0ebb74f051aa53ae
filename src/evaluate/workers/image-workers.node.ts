/** The workers of a run: one in this thread, or several workers, each with the model opened for itself. */
import { availableParallelism, freemem } from "node:os";
import { openThread } from "../../base/index.node.js";
import type { Sample } from "../../data/index.js";
import { mostThreads } from "../../runtime/index.js";
import type { Plan } from "../plan/plan.node.js";
import type { CheckOutcomes } from "../soundness/index.js";
import { type CompletePlan, type HandedPlan, handOver, type WorkerPlan } from "./hand-over.node.js";
import { type AttackedImage, type AttackRequest, type ImageWorker, localWorker } from "./image-worker.js";
import { OraclesBySize } from "./oracles.node.js";

/** The share of the free memory that workers may plan with. */
const memoryShare = 0.5;

/** What the workers report and obey. */
export interface WorkerWatch {
  /** Called after every pass through the model. */
  readonly onPass?: () => void;
  readonly signal?: AbortSignal;
  /**
   * Works in threads, however few, so that this thread hears signals during a long pass. By default a single worker
   * runs in this thread. Parts that are functions cannot leave it.
   */
  readonly background?: boolean;
}

/** As many workers as the configuration asks for, or as cores and memory allow. */
export async function openImageWorkers(plan: Plan, watch: WorkerWatch): Promise<ImageWorker[]> {
  const stays = plan.oneWorker || (!watch.background && imageWorkerCount(plan) === 1);
  return stays ? [workerHere(plan, watch)] : openThreadWorkers(plan, watch);
}

/** Workers in threads of their own, which share the weights and divide the cores. */
export async function openThreadWorkers(
  plan: CompletePlan & Load,
  watch: WorkerWatch,
): Promise<ImageWorker[]> {
  const threads = threadsOfWorker(plan);
  const handed = await handOver({ ...plan, config: { ...plan.config, threads, parallel: 1 } });
  return Array.from({ length: imageWorkerCount(plan) }, () => threadWorker(handed, watch));
}

/** What decides how many images are attacked at the same time. */
export interface Load extends Pick<Plan, "config" | "engine" | "workerBytes"> {
  readonly oneWorker?: boolean;
  /** Images, where their number is known. */
  readonly data?: Pick<Plan["data"], "length">;
}

/** The threads that each of the workers has within an operator; undefined: as many as the engine takes for itself. */
export function threadsOfWorker(plan: Load): number | undefined {
  const { threads } = plan.engine;
  const count = imageWorkerCount(plan);
  return count <= 1 ? threads : Math.max(1, Math.floor((threads ?? availableParallelism()) / count));
}

/** How many images of a run are attacked at the same time: unless told, one on a card, whose memory is not known. */
export function imageWorkerCount({ config, data, engine, workerBytes, oneWorker = false }: Load): number {
  if (oneWorker) return 1;
  const affordable = Math.max(1, Math.floor((memoryShare * freemem()) / workerBytes));
  const onCard = engine.device !== undefined && engine.device !== "cpu";
  const usual = onCard ? 1 : Math.min(engine.threads ?? availableParallelism(), affordable);
  return Math.min(config.parallel ?? usual, data?.length ?? mostThreads, mostThreads);
}

/**
 * A worker in this thread.
 * @param size of images for which the model is opened at once, before the first one comes
 */
export function workerHere(
  plan: WorkerPlan,
  watch: WorkerWatch,
  size?: { readonly height: number; readonly width: number },
): ImageWorker {
  const { attacks, radii, config } = plan;
  // A model whose own gradient no attack follows is opened for predictions alone.
  const following = (model: "own" | "surrogate") =>
    attacks.filter(({ attack }) => (attack.gradientsOf ?? "own") === model);
  const oracles = new OraclesBySize({ ...plan, attacks: following("own") }, watch);
  // An error is thrown again, at the first image.
  if (size) oracles.open(size).catch(() => {});
  const surrogates =
    plan.surrogate &&
    new OraclesBySize({ ...plan, model: plan.surrogate.model, attacks: following("surrogate") }, watch);
  return localWorker(
    {
      oracle: (size) => oracles.at(size),
      ...(surrogates && { surrogate: (size) => surrogates.at(size) }),
      attacks,
      radii,
      settings: { norm: "linf", accounting: config.protocol },
      seed: config.seed,
      labels: config.labels,
      trace: config.trace,
      perturbChannels: config.perturbChannels,
    },
    async () => {
      await oracles.dispose();
      await surrogates?.dispose();
    },
  );
}

/** What a worker in a thread is asked. */
export type WorkerRequest =
  | ({ readonly kind: "attack" } & AttackRequest)
  | { readonly kind: "logits"; readonly sample: Sample };

/** An attacked image, or outcomes of checks, as was asked. */
export type WorkerReply = AttackedImage | CheckOutcomes;

/** Notices: the owner sends `stop`, to stop after the pass in progress; the worker sends `pass` after each pass. */
function threadWorker(plan: HandedPlan, { onPass, signal }: WorkerWatch): ImageWorker {
  const program = new URL("./worker.node.js", import.meta.url);
  const thread = openThread<WorkerRequest, WorkerReply>("an image worker", program, plan, () => onPass?.());
  const stop = () => thread.notify("stop");
  signal?.addEventListener("abort", stop, { once: true });
  const ask = async <R extends WorkerReply>(request: WorkerRequest) => {
    signal?.throwIfAborted();
    return (await thread.request(request).catch((error) => {
      throw signal?.aborted ? signal.reason : error;
    })) as R;
  };
  return {
    attack: (sample, slot, onward) => ask<AttackedImage>({ kind: "attack", sample, slot, onward }),
    checkLogits: (sample) => ask<CheckOutcomes>({ kind: "logits", sample }),
    async dispose() {
      signal?.removeEventListener("abort", stop);
      await thread.end();
    },
  };
}
