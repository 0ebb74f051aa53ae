/** The thread's side of an image worker: opens the model for itself and attacks the images it is sent. */
import { workerData } from "node:worker_threads";
import { SeawallError } from "../../base/index.js";
import { serveThread } from "../../base/index.node.js";
import { differences } from "../../journal/index.js";
import { makePlan } from "../plan/plan.node.js";
import type { AttackedImage } from "./image-worker.js";
import { type AttackRequest, factsOf, type WorkerStart, workerHere } from "./image-workers.node.js";

const stopping = new AbortController();
const notify = serveThread<AttackRequest, AttackedImage>({
  reply: async ({ sample, slot, onward }) => (await worker).attack(sample, slot, onward),
  onNotice: () => stopping.abort(),
  dispose: async () => (await worker).dispose(),
});
const { config, facts } = workerData as WorkerStart;
const worker = makePlan(config).then((plan) => {
  const changed = differences(facts, factsOf(plan)).map((difference) => difference.split(":")[0]);
  if (changed.length > 0) {
    throw new SeawallError(
      "data",
      `files were replaced while the run began (${changed.join(", ")}): --model ${config.model}, --data ${config.data}; leave them as they are during a run, and start it again`,
    );
  }
  return workerHere(plan, { onPass: () => notify("pass"), signal: stopping.signal });
});
// If the plan fails, the first request, which awaits it, is rejected.
worker.catch(() => {});
