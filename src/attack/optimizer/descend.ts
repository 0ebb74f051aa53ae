/** The loop of proximal attacks: a perturbation is moved step by step, and the point with the lowest score is kept. */
import type { Loss } from "../../loss/index.js";
import type { ImageOracle, Prediction } from "../../oracle/index.js";
import { norms } from "./steps.js";

/** How an attack weighs pixels and moves. */
export interface PerturbationRule {
  /** The weight of each pixel's loss at point i, by what was found there. */
  weigh(now: Prediction, i: number): Float32Array;
  /** Moves the perturbation from point i to the next, in place, by the gradient of the weighed loss. */
  move(delta: Float32Array, gradient: Float32Array, i: number, now: Prediction): void;
}

/** What was kept, and how many pixels were right at the point kept so far, from the image to the last point. */
export interface Descent {
  readonly point: Float32Array;
  readonly step: number;
  readonly history: readonly number[];
}

/**
 * Moves the perturbation of an image, 0 at first, inside of the ball of ℓ∞ and of [0, 1].
 * @param loss one that is weighed pixel by pixel
 * @param radius ε in image units
 */
export async function descend(
  oracle: ImageOracle,
  loss: Loss,
  { radius, steps }: { readonly radius: number; readonly steps: number },
  rule: PerturbationRule,
): Promise<Descent> {
  const { image } = oracle;
  const delta = new Float32Array(image.length);
  let kept = { point: image, step: 0, score: Number.POSITIVE_INFINITY, correct: 0 };
  const history: number[] = [];
  for (let i = 0; i <= steps && kept.score > 0; i++) {
    const moved = image.map((value, j) => value + delta[j]!);
    const point = await oracle.step(norms.linf.project, { image, point: moved }, { radius });
    const now = await oracle.predict(point, { loss });
    if (now.score <= kept.score) kept = { point, step: i, score: now.score, correct: now.correct };
    history.push(kept.correct);
    if (i === steps || kept.score === 0) break;
    const weights = rule.weigh(now, i);
    const { gradient } = await oracle.evaluate(point, { loss, weights });
    rule.move(delta, gradient, i, now);
  }
  return { point: kept.point, step: kept.step, history };
}
