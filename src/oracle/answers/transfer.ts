/** Transfer: the gradient of one model, a surrogate, attacks another one. */
import type { ImageOracle } from "./oracle.js";

/**
 * An oracle whose losses and gradients are the surrogate's, and whose counts and scores are those of the model under
 * attack. An evaluation costs a pass through each of both, and so does a prediction that tells losses.
 * @param surrogate of the same image and labels
 */
export function transferOracle(scored: ImageOracle, surrogate: ImageOracle): ImageOracle {
  const { image, labels, channels, height, width } = scored;
  return {
    ...{ image, labels, channels, height, width },
    async evaluate(point, query) {
      const { objective, tracked, gradient } = await surrogate.evaluate(point, query);
      const { correct, score } = await scored.predict(point, query);
      return { objective, tracked, correct, score, gradient };
    },
    async predict(point, query) {
      const own = await scored.predict(point, query);
      if (!query?.loss.weighed) return own;
      const { values } = await surrogate.predict(point, query);
      return { ...own, ...(values && { values }) };
    },
    step: scored.step.bind(scored),
    get cost() {
      const [own, other] = [scored.cost, surrogate.cost];
      return {
        forward: own.forward + other.forward,
        backward: own.backward + other.backward,
        seconds: own.seconds + other.seconds,
      };
    },
  };
}
