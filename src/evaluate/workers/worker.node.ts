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
const handed = workerData as HandedPlan;
// The network for the image on which the model is checked meanwhile; with a sliding window it is none for whole images.
const [network] = handed.config.window ? [] : handed.model.networks.values();
const worker = takeOver(handed).then((plan) =>
  workerHere(plan, { onPass: () => notify("pass"), signal: stopping.signal }, network),
);
// If the plan fails, the first request, which awaits it, is rejected.
worker.catch(() => {});
