/** The lanes of a run: one in this thread, or several workers, each with the model opened for itself. */
import { availableParallelism, freemem } from "node:os";
import { Worker } from "node:worker_threads";
import { SeawallError } from "../base/index.js";
import type { Sample } from "../data/index.js";
import type { EvaluationConfig } from "./config.js";
import { type Lane, localLane, type Outcome, type Slot } from "./lane.js";
import { OraclesBySize } from "./oracles.node.js";
import type { Plan } from "./plan.node.js";

/** The share of the free memory that lanes may plan with. */
const memoryShare = 0.5;

/** What the lanes report and obey. */
export interface LaneWatch {
  /** Called after every pass through the model. */
  readonly onPass?: () => void;
  readonly signal?: AbortSignal;
}

/** As many lanes as the configuration asks for, or as cores and memory allow; a single one runs in this thread. */
export function openLanes(plan: Plan, watch: LaneWatch): Lane[] {
  const count = laneCount(plan);
  if (count <= 1) return [laneHere(plan, watch)];
  const threads = Math.max(1, Math.floor((plan.config.threads ?? availableParallelism()) / count));
  return Array.from({ length: count }, () => workerLane({ ...plan.config, threads, batchSize: 1 }, watch));
}

/** How many images of a run are attacked at the same time. */
export function laneCount({ config, data, laneBytes }: Plan): number {
  const affordable = Math.max(1, Math.floor((memoryShare * freemem()) / laneBytes));
  return Math.min(
    config.batchSize ?? Math.min(config.threads ?? availableParallelism(), affordable),
    data.length,
  );
}

/** A lane in this thread. */
export function laneHere(plan: Plan, watch: LaneWatch): Lane {
  const { attacks, radii, config } = plan;
  const oracles = new OraclesBySize(plan, watch);
  return localLane(
    {
      oracle: (size) => oracles.at(size),
      attacks,
      radii,
      settings: { steps: config.steps, norm: "linf", accounting: config.protocol },
      seed: config.seed,
      labels: config.labels,
      trace: config.trace,
    },
    () => oracles.dispose(),
  );
}

/** To a worker: attack this sample; give up after the pass in progress; end. */
export type LaneRequest =
  | { readonly kind: "attack"; readonly id: number; readonly sample: Sample; readonly slot: Slot }
  | { readonly kind: "stop" }
  | { readonly kind: "end" };

/** From a worker: a pass was made, a request is done, or it failed. */
export type LaneReply =
  | { readonly kind: "pass" }
  | { readonly kind: "done"; readonly id: number; readonly outcome: Outcome }
  | {
      readonly kind: "failed";
      readonly id: number;
      readonly code?: SeawallError["code"];
      readonly message: string;
    };

function workerLane(config: EvaluationConfig, { onPass, signal }: LaneWatch): Lane {
  const worker = new Worker(new URL("./worker.node.js", import.meta.url), { workerData: config });
  const waiting = new Map<number, { resolve(outcome: Outcome): void; reject(error: unknown): void }>();
  const failAll = (error: unknown) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("message", (reply: LaneReply) => {
    if (reply.kind === "pass") return onPass?.();
    const request = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.kind === "done") request?.resolve(reply.outcome);
    else request?.reject(reply.code ? new SeawallError(reply.code, reply.message) : new Error(reply.message));
  });
  worker.on("error", failAll);
  const ended = new Promise<void>((resolve) => {
    worker.on("exit", () => {
      failAll(new Error("internal: the worker of a lane ended too early"));
      resolve();
    });
  });
  const post = (request: LaneRequest) => worker.postMessage(request);
  // Never terminated: to end a thread amid a pass ends the whole process.
  const stop = () => post({ kind: "stop" });
  signal?.addEventListener("abort", stop, { once: true });

  let requests = 0;
  return {
    attack(sample, slot) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        const id = requests++;
        waiting.set(id, { resolve, reject: (error) => reject(signal?.aborted ? signal.reason : error) });
        post({ kind: "attack", id, sample, slot });
      });
    },
    async dispose() {
      signal?.removeEventListener("abort", stop);
      post({ kind: "end" });
      await ended;
    },
  };
}
