/** Do the labels mean what the model means? */
import { formatFigure, formatShare } from "../../base/index.js";
import type { RunRecord } from "../../journal/index.js";
import { betterReading, ConfusionCounts, mostIgnored, readingMap, readingText } from "../fit/label-fit.js";
import type { RecordCheck } from "./check.js";
import { skipped } from "./shares.js";

/** A class of this share of the clean prediction is predicted often. */
const often = 0.05;

export const labelsCheck: RecordCheck = {
  raisedIf: `more than ${formatShare(mostIgnored)} of the pixels are ignored; or a class that is at least ${formatShare(often)} of the clean prediction has no labelled pixel; or labels plus or minus 1, or in another order, fit the clean prediction far better`,
  means:
    "labels and model may number the classes differently: the figures are then of other classes; colours in another order (--bgr) look alike",
  remedy: "look at the labels with seawall doctor; --label-map says which class each stored value is",
  run({ records, labelsAreStored }) {
    const clean = records.filter(({ attack }) => attack === "clean");
    if (clean.length === 0) return skipped("there is no clean prediction");
    const problems = [ignoredProblem(clean), orderProblem(clean, labelsAreStored), absentProblem(clean)];
    const found = problems.filter((problem) => problem !== undefined);
    if (found.length > 0) return { status: "warn", detail: found.join("; ") };
    return {
      status: "pass",
      detail: `${formatShare(ignoredShare(clean))} of the pixels are ignored; no other order of the classes fits the clean prediction far better`,
    };
  },
};

function sumOf(records: readonly RunRecord[], count: (record: RunRecord) => number): number {
  return records.reduce((sum, record) => sum + count(record), 0);
}

function ignoredShare(clean: readonly RunRecord[]): number {
  return (
    1 -
    sumOf(clean, ({ valid }) => valid) /
      Math.max(
        sumOf(clean, ({ pixels }) => pixels),
        1,
      )
  );
}

function ignoredProblem(clean: readonly RunRecord[]): string | undefined {
  const share = ignoredShare(clean);
  if (share <= mostIgnored) return undefined;
  return `${formatShare(share)} of the pixels are ignored; if one of the ignored values is a class, leave it out of --ignore-label`;
}

function orderProblem(clean: readonly RunRecord[], labelsAreStored: boolean): string | undefined {
  const classes = clean[0]!.labels.length;
  const better = betterReading(confusionOf(clean), classes);
  if (!better) return undefined;
  const remedy = labelsAreStored ? ` (--label-map ${readingMap(better)})` : "";
  return `${readingText(better)} fit the clean prediction far better: aAcc ${formatFigure(better.accuracy)} in place of ${formatFigure(better.now.accuracy)}${remedy}`;
}

/** Pixels by label and predicted class; those of journals without details are left out. */
function confusionOf(records: readonly RunRecord[]): ConfusionCounts {
  const confusion = new ConfusionCounts();
  for (const { intersection, details } of records) {
    if (!details) continue;
    intersection.forEach((pixels, label) => {
      if (pixels > 0) confusion.add(label, label, pixels);
    });
    for (let i = 0; i < details.confusion.length; i += 3) {
      const [label, predicted, pixels] = details.confusion.slice(i, i + 3);
      confusion.add(label!, predicted!, pixels!);
    }
  }
  return confusion;
}

function absentProblem(clean: readonly RunRecord[]): string | undefined {
  const valid = sumOf(clean, (record) => record.valid);
  const classes = clean[0]!.labels.map((_, k) => {
    const predicted = sumOf(
      clean,
      ({ union, intersection, labels }) => union[k]! + intersection[k]! - labels[k]!,
    );
    return { k, share: predicted / Math.max(valid, 1), labelled: sumOf(clean, ({ labels }) => labels[k]!) };
  });
  const absent = classes.filter(({ share, labelled }) => labelled === 0 && share >= often);
  if (absent.length === 0) return undefined;
  const shown = absent.slice(0, 3).map(({ k, share }) => `class ${k} (${formatShare(share)})`);
  return `no pixel has the label of ${shown.join(", ")}${absent.length > 3 ? " and others" : ""}, which the model predicts often`;
}
