/** What a pixel of each class is worth to an attack on the mIoU of a whole set, to first order. */
/** Pixel counts of a whole set of images, by class where nothing else is said. */
export interface SetCounts {
  /** Right pixels. */
  readonly intersection: readonly number[];
  /** Pixels that carry the label or are taken for it, or both. */
  readonly union: readonly number[];
  /** Pixels that carry the label. */
  readonly labels: readonly number[];
  /** Pixels with a label, of all classes. */
  readonly valid: number;
}

/** One number per class, at least 0. A right pixel of an average class that becomes wrong counts 1. */
export interface ClassValues {
  /** What is won when a pixel of another class is taken for this one: its union grows. */
  readonly gain: readonly number[];
  /** What is won when a right pixel of this class is taken for another: its intersection shrinks. */
  readonly price: readonly number[];
}

/**
 * The change of Σ_c I_c/U_c with one pixel, in units of its mean over right pixels; mixed with the change of accuracy,
 * for which every right pixel counts 1.
 * @param counts of the whole set, as it stands under the choice of attacks so far
 * @param share β in [0, 1] of the mIoU in the mixture; the rest is the accuracy's
 */
export function classValues({ intersection, union, labels, valid }: SetCounts, share: number): ClassValues {
  const perUnion = (values: readonly number[]) => values.map((n, c) => (union[c]! > 0 ? n / union[c]! : 0));
  const price = perUnion(union.map(() => 1));
  const unit = price.reduce((sum, value, c) => sum + value * labels[c]!, 0) / valid;
  const scale = unit > 0 ? share / unit : 0;
  return {
    gain: perUnion(perUnion(intersection)).map((value) => value * scale),
    price: price.map((value) => 1 - share + value * scale),
  };
}
