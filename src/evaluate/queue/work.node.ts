/** What `seawall work` does: attacks images for the runs of a queue. */
import { setTimeout as sleep } from "node:timers/promises";
import { plural } from "../../base/index.js";
import type { QueueContent } from "../../queue/index.js";
import type { Answerer } from "../../queue/index.node.js";
import { imageWorkerCount, openThreadWorkers, type WorkerWatch } from "../workers/image-workers.node.js";
import { attackAsAsked, outcomeAsSent } from "./messages.js";
import { queueAddress } from "./queue-workers.node.js";
import { planOf, type WorkerFiles } from "./setup.node.js";

export interface WorkOptions extends WorkerFiles {
  readonly queue: string;
  /** Seconds after which the work of a worker that is silent is given to others. */
  readonly patience: number;
  /** Ends after so many seconds without work; default: never. */
  readonly idle?: number | undefined;
  /** Ends the work; images that are not done are given back. */
  readonly signal: AbortSignal;
  readonly tell: (sentence: string) => void;
}

/** Milliseconds that threads have to end in once their work is over. */
const endingTime = 2000;

/**
 * Works for the runs of a queue, one after the other, until it is stopped or idle.
 * @returns the number of attacks made
 * @throws SeawallError `config` if the queue cannot be used, or this process cannot work for its run
 */
export async function workForQueue(options: WorkOptions): Promise<number> {
  const { queue, patience, idle, signal, tell, ...files } = options;
  // Loaded by this verb alone.
  const { serveQueue } = await import("../../queue/index.node.js");
  return serveQueue(queueAddress(queue), {
    prepare: (setup, onPass) => prepare(setup, files, { onPass, signal }, tell),
    ...{ patience, idle, signal, tell },
  });
}

/** Opens the model of a run in threads, of which each attacks one image at a time. */
async function prepare(
  setup: QueueContent,
  files: WorkerFiles,
  watch: WorkerWatch,
  tell: WorkOptions["tell"],
): Promise<Answerer> {
  const plan = await planOf(setup, files);
  const parallel = imageWorkerCount(plan);
  const workers = await openThreadWorkers(plan, watch);
  const { model, attacks, eps } = plan.config;
  tell(`works for a run of ${attacks} at ${eps} on ${model}, on ${plural(parallel, "image")} at a time`);
  const free = [...workers];
  return {
    parallel,
    async answer(request) {
      const { sample, slot, onward } = attackAsAsked(request);
      const worker = free.pop()!;
      try {
        return outcomeAsSent(await worker.attack(sample, slot, onward));
      } finally {
        free.push(worker);
      }
    },
    async dispose() {
      const ended = Promise.all(workers.map((worker) => worker.dispose()));
      await Promise.race([ended, sleep(endingTime, undefined, { ref: false })]);
    },
  };
}
