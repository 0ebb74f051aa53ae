/** From a plan to what `run.json` says of the run, made in this process. */
import type { RunDescription, Soundness } from "../journal/index.js";
import { engineVersion } from "../runtime/index.js";
import { descriptionOf } from "./describe.js";
import type { Plan } from "./plan/plan.node.js";
import { version } from "./plan/version.node.js";
import { imageWorkerCount } from "./workers/image-workers.node.js";

/** The description of the run that a plan makes; `soundness` holds the checks made before it. */
export function describePlan(plan: Plan, soundness: readonly Soundness[]): RunDescription {
  const { device } = plan.config;
  const making = {
    versions: {
      seawall: version,
      node: process.versions.node,
      [engineVersion.name]: engineVersion.version,
    },
    engine: {
      device,
      threads: plan.engine.threads,
      parallel: imageWorkerCount(plan),
      ...(device === "cuda" && { tf32: false }),
    },
  };
  return descriptionOf(plan, making, soundness);
}
