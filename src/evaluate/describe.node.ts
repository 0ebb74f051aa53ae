/** From a plan to what `run.json` says of the run. */
import { basename } from "node:path";
import { describeRun, type RunDescription, type Soundness } from "../journal/index.js";
import { usualStride } from "../oracle/index.js";
import { withoutPassword } from "../queue/index.js";
import { engineVersion } from "../runtime/index.js";
import { decidingSettings, type EvaluationConfig } from "./plan/config.js";
import type { Plan } from "./plan/plan.node.js";
import { version } from "./plan/version.node.js";
import { imageWorkerCount } from "./workers/image-workers.node.js";

/** The description of the run that a plan makes; `soundness` holds the checks made before it. */
export function describePlan(plan: Plan, soundness: readonly Soundness[]): RunDescription {
  const { config, data, attacks, radii, modelSha256, modelInput, classes, classNames, classWeights } = plan;
  return describeRun({
    protocol: {
      attacks: config.attacks,
      members: attacks.map(({ attack, steps, round, seed }) => ({
        name: attack.name,
        steps,
        radiusSchedule: attack.radiusSchedule ?? "constant",
        ...(attack.continues && { continues: true as const }),
        ...(round !== undefined && { round }),
        ...(seed !== undefined && { seed }),
      })),
      eps: radii.map((radius) => radius.text),
      accounting: config.protocol,
      ...(config.protocol === "authors" && { publishedVersion: plan.publishedVersion }),
      seed: config.seed,
      ...(plan.leastGain !== undefined && { leastGain: plan.leastGain }),
    },
    model: {
      file: basename(config.model),
      sha256: modelSha256,
      classes,
      input: [...modelInput],
      classNames: classNames ? [...classNames] : undefined,
      ...slidingOf(config),
    },
    ...(plan.surrogate && {
      surrogate: { file: basename(plan.surrogate.file), sha256: plan.surrogate.sha256 },
    }),
    data: {
      spec: data.spec,
      images: data.total,
      listSha256: data.listSha256,
      settings: { ...data.settings, ...(classWeights && { classWeights: [...classWeights] }) },
    },
    shard: data.shard,
    versions: { seawall: version, node: process.versions.node, [engineVersion.name]: engineVersion.version },
    engine: {
      device: config.device,
      threads: plan.engine.threads,
      parallel: imageWorkerCount(plan),
      ...(config.device === "cuda" && { tf32: false }),
    },
    config: { ...config, ...(config.queue && { queue: withoutPassword(config.queue) }) },
    decidingSettings,
    ...(plan.plugins.length > 0 && { plugins: plan.plugins }),
    soundness,
  });
}

/** The sliding window, with its stride also where that was left out. */
function slidingOf({ window, stride }: EvaluationConfig) {
  if (!window) return {};
  const { height, width } = usualStride({ height: window[0], width: window[1] });
  return { window, stride: stride ?? ([height, width] as const) };
}
