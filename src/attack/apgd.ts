/** APGD: projected gradient ascent with momentum and a step size that halves when progress stalls. */
import type { Loss } from "../loss/index.js";
import type { ImageOracle } from "../oracle/index.js";
import {
  type Attack,
  type AttackSettings,
  type KeptPoint,
  lostLate,
  type RadiusSchedule,
  randomPoint,
} from "./attack.js";
import { type RadiusStage, reducingRadii, StepSizeSchedule } from "./schedule.js";
import { norms } from "./steps.js";

/**
 * APGD on a loss, from a random start; with `reduce`, three runs at 2ε, 1.5ε and ε, each from the kept point
 * of the one before (Croce, Singh, Hein, ECCV 2024, §3.5).
 */
export function apgd(loss: Loss, radiusSchedule: RadiusSchedule = "constant"): Attack {
  return {
    name: `apgd:${loss.name}`,
    losses: [loss],
    radiusSchedule,
    passes: (steps) => steps + (radiusSchedule === "reduce" ? reducingRadii(1, steps).length : 1),
    async run(oracle, settings, random) {
      const radius = stagesOf(settings, radiusSchedule)[0]!.radius;
      const start = randomPoint(oracle.image, { ...settings, radius }, random);
      return apgdFrom(start, oracle, loss, settings, radiusSchedule);
    },
  };
}

/** APGD from a given start, which is brought into the (first) ball. */
export async function apgdFrom(
  start: Float32Array,
  oracle: ImageOracle,
  loss: Loss,
  settings: AttackSettings,
  radiusSchedule: RadiusSchedule = "constant",
): Promise<KeptPoint> {
  let kept: KeptPoint = { point: start, step: 0 };
  let before = 0;
  for (const stage of stagesOf(settings, radiusSchedule)) {
    const inside = await project(oracle, kept.point, stage.radius, settings);
    const { point, step, late } = await ascend(oracle, loss, stage, inside, settings);
    kept = { point, step: before + step, late };
    before += stage.steps;
  }
  return kept;
}

function stagesOf({ radius, steps }: AttackSettings, schedule: RadiusSchedule): RadiusStage[] {
  return schedule === "reduce" ? reducingRadii(radius, steps) : [{ radius, steps }];
}

function project(oracle: ImageOracle, point: Float32Array, radius: number, { norm }: AttackSettings) {
  return oracle.step(norms[norm].project, { image: oracle.image, point }, { radius });
}

/**
 * One run at a fixed radius. The gradient restarts from the highest tracked loss; the result is the point of
 * lowest score, the later one of equals.
 */
async function ascend(
  oracle: ImageOracle,
  loss: Loss,
  { radius, steps }: RadiusStage,
  start: Float32Array,
  { norm, accounting, steps: allSteps }: AttackSettings,
): Promise<Required<KeptPoint>> {
  const image = oracle.image;
  const at = await oracle.evaluate(start, { loss, balance: 0 });
  const schedule = new StepSizeSchedule(steps, radius, at.tracked, accounting === "authors" ? 0 : at.tracked);
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
      const { score, correct } = await oracle.predict(point, loss);
      if (score <= kept.score) kept = { point, step: i, score, correct };
      history.push(kept.correct);
      break;
    }
    const now = await oracle.evaluate(point, { loss, balance: i / (2 * steps) });
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
