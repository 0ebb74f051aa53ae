/** The workers of a run on other machines: to the loop of an evaluation, as many as it takes to keep those busy. */
import { type RunWorkers, removeRunWorkers, writeRunWorkers } from "../../journal/index.node.js";
import { parseQueueAddress, passwordVariable, type WorkerReport } from "../../queue/index.js";
import type { QueueClient } from "../../queue/index.node.js";
import type { Plan } from "../plan/plan.node.js";
import type { ImageWorker, WorkerPool } from "../workers/image-worker.js";
import type { WorkerWatch } from "../workers/image-workers.node.js";
import { Attendance } from "./attendance.js";
import { attackAsSent, outcomeAsReceived } from "./messages.js";
import { setupOf } from "./setup.node.js";

export interface QueueWorkersWatch extends WorkerWatch {
  readonly tell: (sentence: string) => void;
}

/** Images under way at most; far above what keeps hundreds of machines busy. */
const mostUnderWay = 4096;

/** The address that a configuration or a flag names, with the password of the environment. */
export function queueAddress(text: string) {
  return parseQueueAddress(text, process.env[passwordVariable]);
}

/**
 * Opens the queue of a run.
 * @throws SeawallError `config` if it cannot be used, or for a run that cannot be made over a queue
 */
export async function openQueueWorkers(plan: Plan, watch: QueueWorkersWatch): Promise<WorkerPool> {
  const { tell, onPass, signal } = watch;
  const { out, queue } = plan.config;
  const address = queueAddress(queue!);
  const attendance = new Attendance(address.shown, { tell, onPass });
  // Loaded by runs with a queue alone.
  const { openQueue } = await import("../../queue/index.node.js");
  const client = await openQueue(address, await setupOf(plan), {
    tell,
    onWorkers(workers) {
      attendance.read(workers);
      if (out !== undefined) writeRunWorkers(out, runWorkers(address.shown, workers));
    },
  });
  const stop = () => client.stop(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  return {
    workers: queueWorkers(client),
    async close(isDone) {
      signal?.removeEventListener("abort", stop);
      await client.close(isDone);
      if (out !== undefined) removeRunWorkers(out);
    },
  };
}

/** What the run folder says of workers. */
function runWorkers(queue: string, workers: readonly WorkerReport[]): RunWorkers {
  return {
    queue,
    workers: workers.map(({ host, pid, seconds, parallel, answered, doing }) => ({
      ...{ host, pid, seconds, parallel, attacks: answered },
      doing: doing.map(({ label, seconds }) => ({ attack: label, seconds })),
    })),
  };
}

/** As many workers of the loop as a queue may ever keep busy. */
export function queueWorkers(client: QueueClient): ImageWorker[] {
  return Array.from({ length: mostUnderWay }, (_, i) => queueWorker(client, i));
}

/** One of the images under way; the next begins while fewer are than keep all machines busy. */
function queueWorker(client: QueueClient, position: number): ImageWorker {
  return {
    async whenWanted() {
      while (position >= client.wanted) await client.changed;
    },
    async attack(sample, slot, onward) {
      const request = { sample, slot, onward };
      const kind = `${slot.attack} at ${slot.eps}`;
      const label = `${kind} on image "${sample.id}"`;
      return outcomeAsReceived(await client.request({ ...attackAsSent(request), kind, label }), request);
    },
    async dispose() {},
  };
}
