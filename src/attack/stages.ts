/** Stages: parts of an attack's steps. Each is a run of APGD from the point that the one before kept. */
import type { Loss } from "../loss/index.js";
import type { AttackSettings, RadiusSchedule } from "./attack.js";

export interface AttackStage {
  readonly loss: Loss;
  /** Its share of the attack's steps, rounded down; the last stage takes what is left. */
  readonly share: number;
  /** Radius of its ball, in units of ε; default 1. The last stage's must not be larger. */
  readonly radius?: number;
  /** Temperature of its loss at its first and its last step, falling in proportion between them; default 1 and 1. */
  readonly temperature?: readonly [number, number];
  /** β in [0, 1]: the share of the mIoU beside the accuracy, for losses that read the set's values; default ½. */
  readonly setShare?: number;
  /** Its first step size, in units of its radius; default 2. */
  readonly firstStep?: number;
}

/** A stage of an attack at a given ε with a given number of steps. */
export interface PlannedStage extends Required<Omit<AttackStage, "share">> {
  /** In image units. */
  readonly radius: number;
  /** In image units. */
  readonly firstStep: number;
  readonly steps: number;
}

/** The stages of APGD on one loss; `reduce`: 2ε, 1.5ε and ε in 3:3:4 of the steps (paper §3.5). */
export function stagesFor(loss: Loss, radiusSchedule: RadiusSchedule): AttackStage[] {
  if (radiusSchedule === "constant") return [{ loss, share: 1 }];
  return [
    { loss, share: 0.3, radius: 2 },
    { loss, share: 0.3, radius: 1.5 },
    { loss, share: 0.4 },
  ];
}

/** Divides the steps of an attack among its stages; stages without a step are left out. */
export function planStages(
  stages: readonly AttackStage[],
  { radius: eps, steps: all }: Pick<AttackSettings, "radius" | "steps">,
): PlannedStage[] {
  const early = stages.slice(0, -1).map(({ share }) => Math.trunc(share * all));
  const left = all - early.reduce((sum, steps) => sum + steps, 0);
  return stages
    .map(({ loss, radius = 1, temperature = [1, 1], setShare = 0.5, firstStep = 2 }, i) => ({
      ...{ loss, temperature, setShare },
      radius: radius * eps,
      firstStep: firstStep * (radius * eps),
      steps: early[i] ?? left,
    }))
    .filter(({ steps }) => steps > 0);
}

/** The temperature of a stage after one of its steps. */
export function temperatureAt({ temperature: [first, last], steps }: PlannedStage, step: number): number {
  return first * (last / first) ** (step / steps);
}
