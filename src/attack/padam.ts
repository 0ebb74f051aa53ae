/** PAdam: steps of Adam, each projected (Halmosi, Mohos, Jelasity, ECCV 2024). */
import type { Loss } from "../loss/index.js";
import type { ImageOracle } from "../oracle/index.js";
import { type Attack, type AttackSettings, type KeptPoint, lostLate, randomPoint } from "./attack.js";
import { Adam } from "./optimizer/adam.js";
import { norms } from "./optimizer/steps.js";

/** As published, whatever the radius. */
const stepSize = 2 / 255;

/** PAdam on a loss from a random start. */
export function padam(loss: Loss, name = `padam:${loss.name}`): Attack {
  return {
    name,
    losses: [loss],
    passes: (steps) => steps + 1,
    run: (oracle, settings, random) =>
      padamFrom(randomPoint(oracle.image, settings, random), oracle, loss, settings),
  };
}

/** PAdam from a given start, which is brought into the ball; the point of lowest score is kept, the later one of equals. */
export async function padamFrom(
  start: Float32Array,
  oracle: ImageOracle,
  loss: Loss,
  { radius, steps, norm }: AttackSettings,
): Promise<KeptPoint> {
  const { project, move } = norms[norm];
  const { image } = oracle;
  const adam = new Adam(image.length, { amsgrad: true });
  let point = await oracle.step(project, { image, point: start }, { radius });
  let kept = { point, step: 0, score: Number.POSITIVE_INFINITY, correct: 0 };
  const history: number[] = [];
  for (let i = 0; i <= steps && kept.score > 0; i++) {
    const query = { loss, balance: i / (2 * steps) };
    const now = i < steps ? await oracle.evaluate(point, query) : await oracle.predict(point, query);
    if (now.score <= kept.score) kept = { point, step: i, score: now.score, correct: now.correct };
    history.push(kept.correct);
    if (!("gradient" in now)) break;
    adam.observe(now.gradient);
    const { mean, scale } = adam;
    point = await oracle.step(move, { image, point, direction: mean, scale }, { radius, stepSize });
  }
  return { point: kept.point, step: kept.step, late: lostLate(history, steps) };
}
