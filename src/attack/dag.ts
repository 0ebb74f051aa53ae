/** DAG: steps along the gradient of the margins of right pixels, scaled by its largest number (Xie et al., ICCV 2017). */
import { losses } from "../loss/index.js";
import { type Attack, lostLate } from "./attack.js";
import { norms } from "./optimizer/steps.js";

/** γ: what the colour value that a step changes most is changed by; as published, for any radius. */
const stepSize = 0.5 / 255;

/** So that a gradient of zeros is no division by zero. */
const smallestScale = 1e-8;

const loss = losses["mask-margin"];

/** Starts from the image; the point with the fewest right pixels is kept, the later one of equals. */
export const dag: Attack = {
  name: "dag",
  losses: [loss],
  passes: (steps) => steps + 1,
  async run(oracle, { radius, steps, norm }) {
    const { image } = oracle;
    let point = image;
    let kept = { point, step: 0, correct: Number.POSITIVE_INFINITY };
    const history: number[] = [];
    for (let i = 0; i <= steps && kept.correct > 0; i++) {
      const now = i < steps ? await oracle.evaluate(point, { loss }) : await oracle.predict(point, { loss });
      if (now.correct <= kept.correct) kept = { point, step: i, correct: now.correct };
      history.push(kept.correct);
      if (!("gradient" in now)) break;
      const direction = now.gradient;
      const largest = direction.reduce((most, value) => Math.max(most, Math.abs(value)), smallestScale);
      const scale = new Float32Array(direction.length).fill(largest);
      point = await oracle.step(norms[norm].move, { image, point, direction, scale }, { radius, stepSize });
    }
    return { point: kept.point, step: kept.step, late: lostLate(history, steps) };
  },
};
