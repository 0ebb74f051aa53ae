/** The figures of the study of robust backbones, on results whose answers are known. */
import { expect, it } from "vitest";
import { comparisons, type Result, ratios, stepGains } from "../../studies/training/figures.mjs";

/** Trainings with three seeds, of which `mIoU` says what each reaches. */
function results(mIoU: (cell: Omit<Result, "figures">) => number): Result[] {
  const cells = [2, 5].flatMap((steps) =>
    [2, 4, 8].flatMap((epochs) =>
      [0, 1, 2].flatMap((seed) =>
        (["clean", "robust"] as const).map((start) => ({ backbone: "any", start, steps, epochs, seed })),
      ),
    ),
  );
  return cells.map((cell) => ({ ...cell, figures: { aAcc: 0, mIoU: mIoU(cell) } }));
}

it("finds that a clean start needs twice as many epochs, and where it never gets there", () => {
  const made = results(({ start, epochs }) => Math.log2(start === "robust" ? 2 * epochs : epochs) / 10);
  const found = ratios(made).slice(0, 3);
  expect(found.map(({ epochs }) => epochs)).toEqual([2, 4, 8]);
  for (const { single, mean } of found.slice(0, 2)) {
    for (const ratio of single) expect(ratio).toBeCloseTo(2, 9);
    expect(mean?.mean).toBeCloseTo(1, 9);
  }
  expect(found[2]).toMatchObject({ single: [Infinity, Infinity, Infinity], mean: null });
});

it("interpolates between trainings over the logarithm of the epochs", () => {
  const made = results(({ start, epochs }) => (start === "robust" ? 0.15 : epochs / 20));
  expect(ratios(made)[0]?.single[0]).toBeCloseTo(2 ** 1.5 / 2, 9);
});

it("pairs seeds, and says which difference three of them would show", () => {
  const made = results(({ start, seed }) => 0.1 * seed + (start === "robust" ? 0.01 * (seed + 1) : 0));
  const { difference, visible } = comparisons(made)[0]!.mIoU;
  // t of 2 degrees of freedom: 4.30265 at 0.975, 1.06066 at 0.8.
  const standardError = 0.01 / Math.sqrt(3);
  expect(difference.mean).toBeCloseTo(0.02, 9);
  expect(difference.interval[1]).toBeCloseTo(0.02 + 4.30265 * standardError, 6);
  expect(visible).toBeCloseTo((4.30265 + 1.06066) * standardError, 6);
});

it("compares more steps with fewer in as many epochs, and in as many passes", () => {
  const made = results(({ steps, epochs, seed }) => 0.1 * steps + 0.01 * epochs + 0.001 * seed);
  const [first] = stepGains(made);
  expect(first).toMatchObject({ start: "clean", epochs: 2, more: 5, fewer: 2 });
  expect(first!.sameEpochs.difference.mean).toBeCloseTo(0.3, 9);
  // Two epochs of AT5 take as many passes as four of AT2.
  expect(first!.samePasses!.difference.mean).toBeCloseTo(0.28, 9);
  expect(stepGains(made).at(-1)?.samePasses).toBeUndefined();
});
