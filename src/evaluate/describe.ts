/** From the plan of a run to what `run.json` says of it. */
import { describeRun, type RunDescription, type RunFacts, type Soundness } from "../journal/index.js";
import { usualStride } from "../oracle/index.js";
import { withoutPassword } from "../queue/index.js";
import { decidingSettings, type EvaluationConfig } from "./plan/config.js";
import type { Plan } from "./plan/plan.node.js";

/** The part of a plan that a run is described by. */
export type DescribedPlan = Pick<
  Plan,
  | "config"
  | "data"
  | "attacks"
  | "radii"
  | "modelSha256"
  | "modelInput"
  | "classes"
  | "classNames"
  | "classWeights"
  | "surrogate"
  | "leastGain"
  | "publishedVersion"
  | "plugins"
>;

/**
 * The description of the run that a plan makes.
 * @param making versions of what computes, and how the engine is run
 * @param soundness the checks made before the run
 */
export function descriptionOf(
  plan: DescribedPlan,
  making: Pick<RunFacts, "versions" | "engine">,
  soundness: readonly Soundness[],
): RunDescription {
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
      file: fileName(config.model),
      sha256: modelSha256,
      classes,
      input: [...modelInput],
      classNames: classNames ? [...classNames] : undefined,
      ...slidingOf(config),
    },
    ...(plan.surrogate && {
      surrogate: { file: fileName(plan.surrogate.file), sha256: plan.surrogate.sha256 },
    }),
    data: {
      spec: data.spec,
      images: data.total,
      listSha256: data.listSha256,
      settings: { ...data.settings, ...(classWeights && { classWeights: [...classWeights] }) },
    },
    shard: data.shard,
    ...making,
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

function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1)!;
}
