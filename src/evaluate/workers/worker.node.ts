/** The thread's side of an image worker: opens the model for itself and attacks the images it is sent. */
import { workerData } from "node:worker_threads";
import { serveThread } from "../../base/index.node.js";
import type { EvaluationConfig } from "../plan/config.js";
import { makePlan } from "../plan/plan.node.js";
import type { AttackedImage } from "./image-worker.js";
import { type AttackRequest, workerHere } from "./image-workers.node.js";

const stopping = new AbortController();
const notify = serveThread<AttackRequest, AttackedImage>({
  reply: async ({ sample, slot }) => (await worker).attack(sample, slot),
  onNotice: () => stopping.abort(),
  dispose: async () => (await worker).dispose(),
});
const worker = makePlan(workerData as EvaluationConfig).then((plan) =>
  workerHere(plan, { onPass: () => notify("pass"), signal: stopping.signal }),
);
// If the plan fails, the first request, which awaits it, is rejected.
worker.catch(() => {});
