/** A worker's side of a lane: opens the model for itself and attacks the images it is sent. */
import { workerData } from "node:worker_threads";
import { serveThread } from "../../base/index.node.js";
import type { EvaluationConfig } from "../plan/config.js";
import { makePlan } from "../plan/plan.node.js";
import type { Outcome } from "./lane.js";
import { type LaneRequest, laneHere } from "./lanes.node.js";

const stopping = new AbortController();
const notify = serveThread<LaneRequest, Outcome>({
  reply: async ({ sample, slot }) => (await lane).attack(sample, slot),
  onNotice: () => stopping.abort(),
  dispose: async () => (await lane).dispose(),
});
const lane = makePlan(workerData as EvaluationConfig).then((plan) =>
  laneHere(plan, { onPass: () => notify("pass"), signal: stopping.signal }),
);
// If the plan fails, the first request, which awaits it, is rejected.
lane.catch(() => {});
