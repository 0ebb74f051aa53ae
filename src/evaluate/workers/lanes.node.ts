/** The lanes of a run: one in this thread, or several workers, each with the model opened for itself. */
import { availableParallelism, freemem } from "node:os";
import { openThread } from "../../base/index.node.js";
import type { Sample } from "../../data/index.js";
import type { EvaluationConfig } from "../plan/config.js";
import type { Plan } from "../plan/plan.node.js";
import { type Lane, localLane, type Outcome, type Slot } from "./lane.js";
import { OraclesBySize } from "./oracles.node.js";

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
  return Array.from({ length: count }, () => workerLane({ ...plan.config, threads, parallel: 1 }, watch));
}

/** How many images of a run are attacked at the same time. */
export function laneCount({ config, data, laneBytes }: Plan): number {
  const affordable = Math.max(1, Math.floor((memoryShare * freemem()) / laneBytes));
  return Math.min(
    config.parallel ?? Math.min(config.threads ?? availableParallelism(), affordable),
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

/**
 * A request to attack a sample. Notices: the owner sends `stop`, to stop after the pass in progress; the worker sends
 * `pass` after each pass.
 */
export interface LaneRequest {
  readonly sample: Sample;
  readonly slot: Slot;
}

function workerLane(config: EvaluationConfig, { onPass, signal }: LaneWatch): Lane {
  const program = new URL("./worker.node.js", import.meta.url);
  const thread = openThread<LaneRequest, Outcome>("a lane", program, config, () => onPass?.());
  const stop = () => thread.notify("stop");
  signal?.addEventListener("abort", stop, { once: true });
  return {
    async attack(sample, slot) {
      signal?.throwIfAborted();
      return thread.request({ sample, slot }).catch((error) => {
        throw signal?.aborted ? signal.reason : error;
      });
    },
    async dispose() {
      signal?.removeEventListener("abort", stop);
      await thread.end();
    },
  };
}
