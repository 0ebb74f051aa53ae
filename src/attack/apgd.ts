/** APGD: projected gradient ascent with momentum and a step size that halves when progress stalls. */
import { invariant } from "../base/index.js";
import { classValues, type Loss, type SetCounts } from "../loss/index.js";
import type { ImageOracle, Query } from "../oracle/index.js";
import {
  type Attack,
  type AttackSettings,
  type KeptPoint,
  lostLate,
  type RadiusSchedule,
  randomPoint,
} from "./attack.js";
import { StepSizeSchedule } from "./optimizer/schedule.js";
import { norms } from "./optimizer/steps.js";
import { type AttackStage, type PlannedStage, planStages, stagesFor, temperatureAt } from "./stages.js";

/**
 * APGD on a loss, from a random start; with `reduce`, three stages at 2ε, 1.5ε and ε
 * (Croce, Singh, Hein, ECCV 2024, §3.5).
 */
export function apgd(loss: Loss, radiusSchedule: RadiusSchedule = "constant"): Attack {
  return stagedApgd(`apgd:${loss.name}`, stagesFor(loss, radiusSchedule));
}

/** APGD in stages, from a random start in the ball of the first, or from what attacks before it have found. */
export function stagedApgd(
  name: string,
  stages: readonly AttackStage[],
  { continues = false }: { readonly continues?: boolean } = {},
): Attack {
  return {
    name,
    continues,
    losses: [...new Set(stages.map(({ loss }) => loss))],
    radiusSchedule: stages.some(({ radius = 1 }) => radius > 1) ? "reduce" : "constant",
    passes: (steps) => steps + planStages(stages, { radius: 1, steps }).length,
    async run(oracle, settings, random, earlier) {
      if (continues) {
        invariant(earlier, `${name} goes on from other attacks, and was given no point of theirs`);
        return apgdFrom(earlier.best, oracle, stages, settings, earlier.set);
      }
      const { radius } = planStages(stages, settings)[0]!;
      const start = randomPoint(oracle.image, { ...settings, radius }, random);
      return apgdFrom(start, oracle, stages, settings);
    },
  };
}

/** APGD in stages from a given start, which is brought into the first ball. */
export async function apgdFrom(
  start: Float32Array,
  oracle: ImageOracle,
  stages: readonly AttackStage[],
  settings: AttackSettings,
  set?: SetCounts,
): Promise<KeptPoint> {
  let kept: KeptPoint = { point: start, step: 0 };
  let before = 0;
  for (const stage of planStages(stages, settings)) {
    const inside = await project(oracle, kept.point, stage.radius, settings);
    const { point, step, late } = await ascend(oracle, stage, inside, settings, set);
    kept = { point, step: before + step, late };
    before += stage.steps;
  }
  return kept;
}

function project(oracle: ImageOracle, point: Float32Array, radius: number, { norm }: AttackSettings) {
  return oracle.step(norms[norm].project, { image: oracle.image, point }, { radius });
}

/**
 * One stage, at a fixed radius. The gradient restarts from the highest tracked loss; the result is the point of
 * lowest score, the later one of equals.
 */
async function ascend(
  oracle: ImageOracle,
  stage: PlannedStage,
  start: Float32Array,
  { norm, accounting, steps: allSteps }: AttackSettings,
  set?: SetCounts,
): Promise<Required<KeptPoint>> {
  const { loss, radius, steps, firstStep } = stage;
  const image = oracle.image;
  const values = set && classValues(set, stage.setShare);
  const after = (step: number): Query => ({
    ...{ loss, ...(values && { values }) },
    balance: step / (2 * steps),
    temperature: temperatureAt(stage, step),
  });
  const at = await oracle.evaluate(start, after(0));
  const reference = accounting === "authors" ? 0 : at.tracked;
  const schedule = new StepSizeSchedule(steps, firstStep, at.tracked, reference);
  let kept = { point: start, step: 0, score: at.score, correct: at.correct };
  const history = [at.correct];
  let best = { point: start, gradient: at.gradient, tracked: at.tracked };
  let current = start;
  let previous = start;
  let gradient = at.gradient;

  for (let i = 1; i <= steps && kept.correct > 0; i++) {
    const point = await oracle.step(
      norms[norm].ascend,
      { image, current, previous, gradient },
      { radius, stepSize: schedule.stepSize, momentum: i === 1 ? 1 : 0.75 },
    );
    previous = current;
    current = point;
    if (i === steps) {
      // Nothing follows that could use a gradient.
      const { score, correct } = await oracle.predict(point, after(i));
      if (score <= kept.score) kept = { point, step: i, score, correct };
      history.push(kept.correct);
      break;
    }
    const now = await oracle.evaluate(point, after(i));
    gradient = now.gradient;
    if (now.score <= kept.score) kept = { point, step: i, score: now.score, correct: now.correct };
    history.push(kept.correct);
    if (now.tracked > best.tracked) best = { point, gradient, tracked: now.tracked };
    if (schedule.observe(now.tracked)) {
      // The previous iterate stays, so the next momentum points from it to the best point.
      current = best.point;
      gradient = best.gradient;
    }
  }
  return { point: kept.point, step: kept.step, late: lostLate(history, allSteps) };
}
