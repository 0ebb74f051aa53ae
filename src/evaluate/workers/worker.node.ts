/** The thread's side of an image worker: opens the model for itself and attacks the images it is sent. */
import { workerData } from "node:worker_threads";
import { serveThread } from "../../base/index.node.js";
import { type HandedPlan, takeOver } from "./hand-over.node.js";
import type { AttackedImage, AttackRequest } from "./image-worker.js";
import { workerHere } from "./image-workers.node.js";

const stopping = new AbortController();
const notify = serveThread<AttackRequest, AttackedImage>({
  reply: async ({ sample, slot, onward }) => (await worker).attack(sample, slot, onward),
  onNotice: () => stopping.abort(),
  dispose: async () => (await worker).dispose(),
});
const worker = takeOver(workerData as HandedPlan).then((plan) =>
  workerHere(plan, { onPass: () => notify("pass"), signal: stopping.signal }),
);
// If the plan fails, the first request, which awaits it, is rejected.
worker.catch(() => {});
