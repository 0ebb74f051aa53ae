/** A worker's side of a lane: opens the model for itself and attacks the images it is sent. */
import { parentPort, workerData } from "node:worker_threads";
import { invariant, messageOf, SeawallError } from "../base/index.js";
import type { EvaluationConfig } from "./config.js";
import { type LaneReply, type LaneRequest, laneHere } from "./lanes.node.js";
import { makePlan } from "./plan.node.js";

invariant(parentPort, "the worker of a lane was started as a program");
const port = parentPort;
const reply = (message: LaneReply) => port.postMessage(message);

const stopping = new AbortController();
const lane = makePlan(workerData as EvaluationConfig).then((plan) =>
  laneHere(plan, { onPass: () => reply({ kind: "pass" }), signal: stopping.signal }),
);
// A plan that fails is reported with the first request, which waits for it.
lane.catch(() => {});

port.on("message", (request: LaneRequest) => {
  if (request.kind === "stop") stopping.abort();
  else if (request.kind === "end") void end();
  else void attack(request);
});

async function attack({ id, sample, slot }: LaneRequest & { readonly kind: "attack" }): Promise<void> {
  try {
    reply({ kind: "done", id, outcome: await (await lane).attack(sample, slot) });
  } catch (error) {
    const code = error instanceof SeawallError ? { code: error.code } : {};
    reply({ kind: "failed", id, ...code, message: messageOf(error) });
  }
}

/** Without its port, the thread has nothing left to wait for. */
async function end(): Promise<void> {
  await lane.then((opened) => opened.dispose()).catch(() => {});
  port.close();
}
