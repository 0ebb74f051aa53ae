/** A worker's side of a worker: opens the model for itself and attacks the images it is sent. */
import { workerData } from "node:worker_threads";
import { serveThread } from "../../base/index.node.js";
import type { EvaluationConfig } from "../plan/config.js";
import { makePlan } from "../plan/plan.node.js";
import type { AttackedImage } from "./image-worker.js";
import { type AttackRequest, workerHere } from "./image-workers.node.js";

const stopping = new AbortController();
const say = serveThread<AttackRequest, AttackedImage>({
  answer: async ({ sample, slot }) => (await worker).attack(sample, slot),
  onWord: () => stopping.abort(),
  dispose: async () => (await worker).dispose(),
});
const worker = makePlan(workerData as EvaluationConfig).then((plan) =>
  workerHere(plan, { onPass: () => say("pass"), signal: stopping.signal }),
);
// A plan that fails is reported with the first order, which waits for it.
worker.catch(() => {});
