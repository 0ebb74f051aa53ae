/** An oracle around another. */
import type { ImageOracle } from "../../oracle/index.js";

/** Answers as the given oracle does, but for what is answered otherwise; the cost is the given one's. */
export function oracleAround(
  oracle: ImageOracle,
  answers: Partial<Pick<ImageOracle, "evaluate" | "predict" | "step">>,
): ImageOracle {
  const { image, labels, channels, height, width, cost } = oracle;
  return {
    ...{ image, labels, channels, height, width, cost },
    evaluate: oracle.evaluate.bind(oracle),
    predict: oracle.predict.bind(oracle),
    step: oracle.step.bind(oracle),
    ...answers,
  };
}
