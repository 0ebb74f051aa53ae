/** The worked example of docs/metrics.md: every figure by src/metric, and once more by the fractions shown. */
import { expect, it } from "vitest";
import {
  type Counts,
  countPixels,
  imageAccuracy,
  imageMeanIoU,
  meanAccuracy,
  meanIoU,
  perClassIoU,
  pixelAccuracy,
  sumCounts,
  worstCase,
} from "../../src/metric/index.js";
import { formatFigure } from "../../src/report/index.js";
import { code, expectPrinted, markdownTable } from "./printed.js";

const labels = ["AAAB", "AABB", "ABB·"];
const attacks = { P: ["AAAA", "ABBB", "AAAA"], Q: ["BABB", "AABA", "BBBB"] };
const names = Object.keys(attacks);

const classesOf = (map: string) => [...map].map((letter) => "AB".indexOf(letter));
/** `table[attack][image]` */
const table = Object.values(attacks).map((maps) =>
  maps.map((map, i) => countPixels(classesOf(map), classesOf(labels[i]!), 2)),
);
const worst = worstCase(table);
const images = [0, 1, 2];

/** `(3/4 + 1/2)/2 = 0.6250`; fails unless the fractions make the figure. */
function worked(fractions: readonly (readonly [number, number])[], value: number | null): string {
  const average = fractions.reduce((sum, [top, bottom]) => sum + top / bottom, 0) / fractions.length;
  expect(average).toBeCloseTo(value!, 12);
  const sum = fractions.map(([top, bottom]) => `${top}/${bottom}`).join(" + ");
  return `${fractions.length === 1 ? sum : `(${sum})/${fractions.length}`} = ${formatFigure(value!)}`;
}

const accuracyOf = ({ correct, valid }: Counts) => [correct, valid] as const;
const ratios = ({ intersection }: Counts, below: readonly number[]) =>
  intersection.flatMap((hits, s) => (below[s]! > 0 ? [[hits, below[s]!] as const] : []));
const ious = (counts: Counts) => ratios(counts, counts.union);

it("prints the maps and their counts", () => {
  const maps = labels.map((label, i) => [
    String(i + 1),
    code(label),
    ...Object.values(attacks).map((of) => code(of[i])),
  ]);
  expectPrinted("metrics.md", "maps", markdownTable(["image", "labels", "under P", "under Q"], maps));
  const rows = images.flatMap((image) =>
    names.map((name, attack) => {
      const { correct, valid, intersection, union, labels: own } = table[attack]![image]!;
      const cells = [0, 1].map((s) => `${intersection[s]} / ${union[s]} / ${own[s]}`);
      return [String(image + 1), name, `${correct}/${valid}`, ...cells];
    }),
  );
  expectPrinted(
    "metrics.md",
    "counts",
    markdownTable(["image", "attack", "right", "A: I / U / N", "B: I / U / N"], rows),
  );
});

it("prints the figures of each attack", () => {
  const column = (counts: readonly Counts[]) => {
    const whole = sumCounts(counts);
    const [a, b] = ious(whole);
    const [iouA, iouB] = perClassIoU(whole);
    return [
      worked(counts.map(accuracyOf), imageAccuracy(counts)),
      worked([accuracyOf(whole)], pixelAccuracy(whole)),
      worked(ratios(whole, whole.labels), meanAccuracy(whole)),
      worked([a!], iouA!),
      worked([b!], iouB!),
      worked(ious(whole), meanIoU(whole)),
      formatFigure(imageMeanIoU(counts)!),
    ];
  };
  const columns = table.map(column);
  const figures = ["aAcc", "aAccPooled", "mAcc", "IoU of A", "IoU of B", "mIoU", "imageMIoU"];
  const rows = figures.map((figure, i) => [figure, ...columns.map((of) => of[i]!)]);
  expectPrinted("metrics.md", "attacks", markdownTable(["figure", ...names], rows));
});

/** The counts when image i takes attack `choice[i]`. */
const chosen = (choice: readonly number[]) => images.map((image) => table[choice[image]!]![image]!);
const choices = Array.from({ length: 8 }, (_, bits) => images.map((image) => (bits >> (2 - image)) & 1));
const wordOf = (choice: readonly number[]) => choice.map((attack) => names[attack]).join("");
const byAccuracy = images.map((image) => {
  const right = table.map((of) => of[image]!.correct);
  return right.indexOf(Math.min(...right));
});

it("prints all choices of attack, and finds the one that the search finds", () => {
  const rows = choices.map((choice) => {
    const whole = sumCounts(chosen(choice));
    const remarks = [
      wordOf(choice) === wordOf(byAccuracy) ? "lowest accuracy of each image" : "",
      wordOf(choice) === wordOf(worst.choice) ? "found by the search" : "",
    ];
    return [wordOf(choice), worked(ious(whole), meanIoU(whole)), remarks.filter(Boolean).join("; ")];
  });
  expectPrinted("metrics.md", "choices", markdownTable(["choice", "mIoU", ""], rows));
  const smallest = Math.min(...choices.map((choice) => meanIoU(sumCounts(chosen(choice)))!));
  expect(worst.mIoU).toBe(smallest);
  expect(rows.filter(([, , remark]) => remark !== "")).toHaveLength(2);
});

it("prints the worst case", () => {
  const lowest = chosen(byAccuracy);
  const leastOf = (s: number) => {
    const fractions = choices.map((choice) => ious(sumCounts(chosen(choice)))[s]!);
    return fractions.reduce((least, each) => (each[0] / each[1] < least[0] / least[1] ? each : least));
  };
  const alone = [leastOf(0), leastOf(1)];
  const floor = alone.reduce((sum, [top, bottom]) => sum + top / bottom, 0) / 2;
  expect(worst.mIoULower!).toBeGreaterThanOrEqual(floor - 1e-12);
  expect(worst.mIoULower!).toBeLessThan(worst.mIoU!);
  const rows = [
    ["aAcc", worked(lowest.map(accuracyOf), worst.aAcc)],
    ["aAccPooled", worked([accuracyOf(sumCounts(lowest))], worst.aAccPooled)],
    ["mIoU", worked(ious(sumCounts(chosen(worst.choice))), worst.mIoU)],
    ["each class's lowest IoU, averaged", worked(alone, floor)],
    ["mIoULower", formatFigure(worst.mIoULower!)],
    ["imageMIoU", formatFigure(worst.imageMIoU!)],
  ];
  expectPrinted("metrics.md", "worst", markdownTable(["figure", "worst case"], rows));
});
