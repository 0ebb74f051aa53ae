/** The loop of an evaluation: radius by radius, attack by attack, image by image; every line is journalled. */
import type { Sample } from "../data/index.js";
import { cleanAttack, cleanEps, type Journal, type RunRecord } from "../journal/index.js";
import { idleRecord, isIdle, type OnwardOf } from "./chain.js";
import type { AttackAtRadius, AttackedImage, ImageWorker } from "./workers/image-worker.js";

/** The samples of a run; `data`'s data sets are such. */
export interface Samples {
  readonly ids: readonly string[];
  samples(positions?: Iterable<number>): AsyncIterable<Sample>;
}

export interface EvaluationLoop {
  readonly data: Samples;
  readonly journal: Journal;
  /** Who attacks: as many images at a time as there are workers. */
  readonly workers: readonly ImageWorker[];
  /** Names of attacks and texts of radii, in order; the workers know them. */
  readonly attacks: readonly string[];
  readonly radii: readonly string[];
  /** Whether an attack can begin; one that cannot is left out, with all its images. Default: each can. */
  readonly isReady?: (slot: AttackAtRadius) => boolean;
  /** Prepares what attacks that continue go on from; default: no attack of the run does. */
  readonly onwardOf?: (slot: AttackAtRadius) => Promise<OnwardOf>;
  readonly onStart?: (slot: AttackAtRadius) => void;
  /** Called before the outcome's record is journalled, which waits for it. */
  readonly onOutcome?: (outcome: AttackedImage & { readonly sample: Sample }) => void | Promise<void>;
  readonly onRecord?: (record: RunRecord) => void;
  /** Called when all images of a run have met all attacks at a radius, unless one was left out. */
  readonly onRadius?: (eps: string) => void;
  /** Called when all images of a run have met an attack. */
  readonly onAttack?: (slot: AttackAtRadius) => void | Promise<void>;
}

/**
 * Attacks every image of a run that the journal does not hold yet.
 * @returns the names of attacks that were left out at some radius
 */
export async function evaluate(run: EvaluationLoop): Promise<string[]> {
  await forEachImage(run, { attack: cleanAttack, eps: cleanEps });
  const waiting = new Set<string>();
  for (const eps of run.radii) {
    let complete = true;
    for (const attack of run.attacks) {
      if (run.isReady?.({ attack, eps }) === false) {
        waiting.add(attack);
        complete = false;
      } else {
        await forEachImage(run, { attack, eps });
        await run.onAttack?.({ attack, eps });
      }
    }
    if (complete) run.onRadius?.(eps);
  }
  return [...waiting];
}

/** The workers take samples as they come free. When one fails, the others finish theirs: nothing is lost. */
async function forEachImage(run: EvaluationLoop, slot: AttackAtRadius): Promise<void> {
  run.onStart?.(slot);
  const missing = run.data.ids.flatMap((image, i) => (run.journal.has({ image, ...slot }) ? [] : [i]));
  if (missing.length === 0) return;
  const onwardOf = await run.onwardOf?.(slot);
  const samples = run.data.samples(missing)[Symbol.asyncIterator]();
  const over = new AbortController();
  const isOver = new Promise<void>((resolve) => over.signal.addEventListener("abort", () => resolve()));
  const work = async (worker: ImageWorker) => {
    try {
      for (;;) {
        await Promise.race([worker.whenWanted?.(), isOver]);
        if (over.signal.aborted) return;
        const next = await samples.next();
        if (next.done || over.signal.aborted) return over.abort();
        const onward = await onwardOf?.(next.value, worker);
        if (isIdle(onward)) await record(run, idleRecord(onward, slot.attack));
        else {
          const outcome = await worker.attack(next.value, slot, onward);
          await run.onOutcome?.({ ...outcome, sample: next.value });
          await record(run, outcome.record);
        }
      }
    } catch (error) {
      over.abort();
      throw error;
    }
  };
  const ends = await Promise.allSettled(run.workers.map(work));
  await samples.return?.();
  const failure = ends.find((end): end is PromiseRejectedResult => end.status === "rejected");
  if (failure) throw failure.reason;
}

async function record(run: EvaluationLoop, record: RunRecord): Promise<void> {
  await run.journal.append(record);
  run.onRecord?.(record);
}
