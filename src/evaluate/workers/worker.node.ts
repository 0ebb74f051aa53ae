/** A worker's side of a lane: opens the model for itself and attacks the images it is sent. */
import { workerData } from "node:worker_threads";
import { serveThread } from "../../base/index.node.js";
import type { EvaluationConfig } from "../plan/config.js";
import { makePlan } from "../plan/plan.node.js";
import type { Outcome } from "./lane.js";
import { type LaneOrder, laneHere } from "./lanes.node.js";

const stopping = new AbortController();
const say = serveThread<LaneOrder, Outcome>({
  answer: async ({ sample, slot }) => (await lane).attack(sample, slot),
  onWord: () => stopping.abort(),
  dispose: async () => (await lane).dispose(),
});
const lane = makePlan(workerData as EvaluationConfig).then((plan) =>
  laneHere(plan, { onPass: () => say("pass"), signal: stopping.signal }),
);
// A plan that fails is reported with the first order, which waits for it.
lane.catch(() => {});
