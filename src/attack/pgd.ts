/** Plain PGD as the paper ran its baselines: fixed step size, the iterate of highest loss is kept. */
import type { Loss } from "../loss/index.js";
import type { ImageOracle } from "../oracle/index.js";
import { type Attack, type AttackSettings, type KeptPoint, lostLate, randomPoint } from "./attack.js";
import { norms } from "./optimizer/steps.js";

/** Step sizes by radius, both in 1/255 and image units, as the paper's App. B.1 lists them. */
const published = [
  [0.25, 8e-4],
  [0.5, 9e-4],
  [1, 1e-3],
  [2, 2e-3],
  [4, 3e-3],
  [8, 5e-3],
  [12, 6e-3],
] as const;

/** The published step size for a radius, linear between the listed ones; beyond them in proportion. */
export function pgdStepSize(radius: number): number {
  const grey = radius * 255;
  const above = published.findIndex(([listed]) => listed >= grey);
  if (above <= 0) {
    const [listed, size] = above === 0 ? published[0] : published[published.length - 1]!;
    return (size * grey) / listed;
  }
  const [low, lowSize] = published[above - 1]!;
  const [high, highSize] = published[above]!;
  return lowSize + ((grey - low) / (high - low)) * (highSize - lowSize);
}

/** PGD on a loss from a random start, with the published step size. */
export function pgd(loss: Loss, name = `pgd:${loss.name}`): Attack {
  return {
    name,
    losses: [loss],
    passes: (steps) => steps + 1,
    run(oracle, settings, random) {
      const start = randomPoint(oracle.image, settings, random);
      return pgdFrom(start, oracle, loss, settings, pgdStepSize(settings.radius));
    },
  };
}

/** PGD from a given start, which is brought into the ball. */
export async function pgdFrom(
  start: Float32Array,
  oracle: ImageOracle,
  loss: Loss,
  { radius, steps, norm }: AttackSettings,
  stepSize: number,
): Promise<KeptPoint> {
  const { ascend, project } = norms[norm];
  const image = oracle.image;
  let point = await oracle.step(project, { image, point: start }, { radius });
  let kept = { point, step: 0, objective: Number.NEGATIVE_INFINITY, correct: 0 };
  const history: number[] = [];
  for (let i = 0; i <= steps; i++) {
    const { objective, correct, gradient } = await oracle.evaluate(point, { loss, balance: i / (2 * steps) });
    if (objective > kept.objective) kept = { point, step: i, objective, correct };
    if (correct === 0) return { point, step: i, late: 0 };
    history.push(kept.correct);
    if (i === steps) break;
    const tensors = { image, current: point, previous: point, gradient };
    point = await oracle.step(ascend, tensors, { radius, stepSize, momentum: 1 });
  }
  return { point: kept.point, step: kept.step, late: lostLate(history, steps) };
}

/**
 * PGD whose last iterate counts, as adversarial training uses it (Madry et al. 2018): `steps` times x ← ascend(x).
 * @param ascend the projected gradient step from a point; its result must be a new array
 */
export async function lastIterate(
  start: Float32Array,
  steps: number,
  ascend: (point: Float32Array) => Promise<Float32Array>,
): Promise<Float32Array> {
  let point = start;
  for (let t = 0; t < steps; t++) point = await ascend(point);
  return point;
}
