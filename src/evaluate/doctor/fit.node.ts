/** Which reading of the labels fits the model's prediction of the first images? */
import type { Sample } from "../../data/index.js";
import { losses } from "../../loss/index.js";
import type { Model } from "../../oracle/index.js";
import {
  type BetterReading,
  bestShift,
  betterReading,
  ConfusionCounts,
  readingMap,
} from "../fit/label-fit.js";
import type { Settings } from "./finding.js";
import { known } from "./model.node.js";

export interface LabelFit {
  /** The reading that fits far better than the one in use, if there is one. */
  readonly better: BetterReading | undefined;
  /** What must be added to labels to fit best: −1, 0 or 1. */
  readonly shift: number;
  /** The value of `--label-map` for the better reading; undefined where settings map labels already. */
  readonly labelMap: string | undefined;
}

/**
 * Predicts images and compares the prediction with their labels, also with those that are no class of the model.
 * @param storedAs the values that files store for a label
 */
export async function examineFit(
  model: Model,
  settings: Settings,
  storedAs: (label: number) => readonly number[],
  samples: readonly Sample[],
): Promise<LabelFit> {
  const confusion = new ConfusionCounts();
  const oracle = model.oracle({ losses: [losses.ce] });
  try {
    for (const sample of samples) {
      const { image, labels } = known(sample, model);
      const { classes } = await oracle.image(image.data, labels!).predict(image.data);
      sample.labels!.forEach((label, pixel) => {
        if (label >= 0) confusion.add(label, classes[pixel]!, 1);
      });
    }
  } finally {
    await oracle.dispose();
  }
  const better = betterReading(confusion, model.classes);
  const isMapped = settings.labelMap !== undefined || settings.labelVariant !== undefined;
  return {
    better,
    labelMap: better && !isMapped ? readingMap(better, storedAs) : undefined,
    shift: bestShift(confusion, model.classes),
  };
}
