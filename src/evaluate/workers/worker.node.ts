/** The thread's side of an image worker: opens the model for itself, and attacks the images it is sent. */
import { workerData } from "node:worker_threads";
import { serveThread } from "../../base/index.node.js";
import type { Sample } from "../../data/index.js";
import { checkLogits } from "../soundness/index.js";
import { type HandedPlan, takeOver } from "./hand-over.node.js";
import { type WorkerReply, type WorkerRequest, workerHere } from "./image-workers.node.js";

const handed = workerData as HandedPlan;
const stopping = new AbortController();
const notify = serveThread<WorkerRequest, WorkerReply>({
  async reply(request) {
    if (request.kind === "logits") return check(request.sample);
    return (await worker).attack(request.sample, request.slot, request.onward);
  },
  onNotice: () => stopping.abort(),
  dispose: async () => (await worker).dispose(),
});
// The network for the image on which the model is checked meanwhile; with a sliding window it is none for whole images.
const [network] = handed.config.window ? [] : handed.model.networks.values();
const plan = takeOver(handed);
const worker = plan.then((own) =>
  workerHere(own, { onPass: () => notify("pass"), signal: stopping.signal }, network),
);
// If the plan fails, the first request, which awaits it, is rejected.
worker.catch(() => {});

async function check(sample: Sample) {
  const { model, config } = await plan;
  return checkLogits({ model: await model.at(sample), sample, seed: config.seed });
}
