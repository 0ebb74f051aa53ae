/** Small random tables of counts, as properties of fast-check and from seeds. */
import fc from "fast-check";
import { randomStream } from "../../src/base/index.js";
import { type Counts, type CountsTable, countPixels, meanIoU, sumCounts } from "../../src/metric/index.js";

/** Tables of up to 3 attacks on up to 6 images with up to 4 classes, with ignored pixels and absent classes. */
export const tables: fc.Arbitrary<CountsTable> = fc
  .record({
    attacks: fc.integer({ min: 1, max: 3 }),
    images: fc.integer({ min: 1, max: 6 }),
    classes: fc.integer({ min: 1, max: 4 }),
    labelled: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ attacks, images, classes, labelled }) => {
    const image = fc.integer({ min: 1, max: 7 }).chain((pixels) => {
      const highest = Math.min(labelled, classes) - 1;
      const map = (min: number, max: number) =>
        fc.array(fc.integer({ min, max }), { minLength: pixels, maxLength: pixels });
      return fc
        .tuple(map(-1, highest), fc.array(map(0, classes - 1), { minLength: attacks, maxLength: attacks }))
        .map(([labels, predictions]) => predictions.map((guess) => countPixels(guess, labels, classes)));
    });
    return fc
      .array(image, { minLength: images, maxLength: images })
      .map((list) => Array.from({ length: attacks }, (_, attack) => list.map((counts) => counts[attack]!)));
  });

/** A table like that of an evaluation: each image has a few classes, and each attack changes other pixels. */
export function seededTable(seed: number, attacks: number, images: number, classes: number): CountsTable {
  const stream = randomStream("table", seed);
  const draw = (below: number) => Math.floor(stream.next() * below);
  const columns = Array.from({ length: images }, () => {
    const shown = Array.from({ length: Math.min(classes, 4) }, () => draw(classes));
    const labels = Array.from({ length: 24 }, () => (draw(12) === 0 ? -1 : shown[draw(shown.length)]!));
    return Array.from({ length: attacks }, () => {
      const hard = shown[draw(shown.length)]!;
      const guess = labels.map((label) =>
        label === hard || draw(3) === 0 ? draw(classes) : Math.max(label, 0),
      );
      return countPixels(guess, labels, classes);
    });
  });
  return Array.from({ length: attacks }, (_, attack) => columns.map((counts) => counts[attack]!));
}

/** A table of random predictions, in which a search often ends in a local minimum: 3 attacks, 5 images, 5 classes. */
export function noiseTable(seed: number): CountsTable {
  const stream = randomStream("x", seed);
  const map = () => Array.from({ length: 12 }, () => Math.floor(stream.next() * 5));
  const columns = Array.from({ length: 5 }, () => {
    const labels = map();
    return Array.from({ length: 3 }, () => countPixels(map(), labels, 5));
  });
  return [0, 1, 2].map((attack) => columns.map((counts) => counts[attack]!));
}

/** The smallest mIoU over all choices, attacks^images in number. */
export function lowestByBruteForce(table: CountsTable): number | null {
  const [attacks, images] = [table.length, table[0]!.length];
  let lowest: number | null = null;
  for (let number = 0; number < attacks ** images; number++) {
    const counts = table[0]!.map((_, i) => table[Math.floor(number / attacks ** i) % attacks]![i]!);
    const mIoU = meanIoU(sumCounts(counts));
    if (mIoU !== null && (lowest === null || mIoU < lowest)) lowest = mIoU;
  }
  return lowest;
}

/** Counts of one image from TP, FP and FN of each class. */
export function counts(tp: number[], fp: number[], fn: number[]): Counts {
  const labels = tp.map((hit, s) => hit + fn[s]!);
  const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
  return {
    correct: sum(tp),
    valid: sum(labels),
    intersection: tp,
    union: labels.map((n, s) => n + fp[s]!),
    labels,
  };
}
