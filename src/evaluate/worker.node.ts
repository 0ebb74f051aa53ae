/** A worker's side of a lane: opens the model for itself and attacks the images it is sent. */
import { parentPort, workerData } from "node:worker_threads";
import { invariant, messageOf, SeawallError } from "../base/index.js";
import type { EvaluationConfig } from "./config.js";
import { type LaneReply, type LaneRequest, laneHere } from "./lanes.node.js";
import { makePlan } from "./plan.node.js";

invariant(parentPort, "the worker of a lane was started as a program");
const port = parentPort;
const reply = (message: LaneReply) => port.postMessage(message);

const lane = makePlan(workerData as EvaluationConfig).then((plan) =>
  laneHere(plan, { onPass: () => reply({ kind: "pass" }) }),
);
// A plan that fails is reported with the first request, which waits for it.
lane.catch(() => {});

port.on("message", async ({ id, sample, slot }: LaneRequest) => {
  try {
    reply({ kind: "done", id, outcome: await (await lane).attack(sample, slot) });
  } catch (error) {
    const code = error instanceof SeawallError ? { code: error.code } : {};
    reply({ kind: "failed", id, ...code, message: messageOf(error) });
  }
});
