/** Random noise: the baseline that every attack must beat. */
import { type Attack, randomPoint } from "./attack.js";
import { norms } from "./steps.js";

const draws = 10;

/** Ten points drawn from the ball; the one with the fewest right pixels is kept. */
export const noise: Attack = {
  name: "noise",
  losses: ["ce"],
  passes: () => draws,
  async run(oracle, settings, random) {
    const image = oracle.image;
    let kept = { point: image, step: 0, score: Number.POSITIVE_INFINITY };
    for (let i = 1; i <= draws && kept.score > 0; i++) {
      const drawn = randomPoint(image, settings, random);
      const point = await oracle.step(
        norms[settings.norm].project,
        { image, point: drawn },
        { radius: settings.radius },
      );
      const { score } = await oracle.predict(point, "ce");
      if (score < kept.score) kept = { point, step: i, score };
    }
    return kept;
  },
};
