/** The labels of a data set: how many of each class, and which belong to none. */
import { formatShare, plural } from "../../base/index.js";
import {
  addLabelCounts,
  countLabelMap,
  type LabelCounts,
  labelAdvice,
  labelStats,
} from "../../data/index.js";
import { mostIgnored, readingText } from "../fit/label-fit.js";
import { type Finding, Findings } from "./finding.js";
import type { LabelFit } from "./fit.node.js";

/** Labels of the images that were read. */
export interface LabelTally extends LabelCounts {
  /** Images in which each class occurs. */
  readonly images: readonly number[];
  /** Number of classes that the user or the data set says there are. */
  readonly declared: number | undefined;
}

/** The tally with one more label map. */
export function addToTally(tally: LabelTally, labels: Int32Array): LabelTally {
  const own = countLabelMap(labels);
  const counts = addLabelCounts(tally, own);
  const images = counts.classes.map((_, k) => (tally.images[k] ?? 0) + (own.classes[k] ? 1 : 0));
  return { ...counts, images, declared: tally.declared };
}

/**
 * Judges the labels against the number of classes, the model's where the data set has none of its own.
 * @param fit how the labels fit the model's prediction, where there is a model
 */
export function labelFindings(
  tally: LabelTally,
  modelClasses: number | undefined,
  fit?: LabelFit,
): Finding[] {
  const findings = new Findings("data");
  const classes = tally.declared ?? modelClasses ?? tally.classes.length;
  addFit(findings, fit);
  addIgnored(findings, tally);
  addOutside(findings, tally, classes, modelClasses === undefined, fit);
  const absent = Array.from({ length: classes }, (_, k) => k).filter((k) => !tally.classes[k]);
  if (absent.length > 0)
    findings.add("warn", "absent", `no pixel of class ${absent.join(", ")} in these images`);
  if (modelClasses !== undefined && tally.declared !== undefined && tally.declared !== modelClasses) {
    findings.add(
      "fail",
      "classes",
      `the data has ${tally.declared}, the model ${modelClasses}; see --label-map, --classes and --output`,
    );
  }
  return findings.list;
}

function addFit(findings: Findings, fit: LabelFit | undefined): void {
  if (!fit?.better) return;
  const { accuracy, now } = fit.better;
  const remedy = fit.labelMap
    ? `use --label-map ${fit.labelMap}`
    : "the label settings in use (--label-map, --label-variant) lead to other classes than the model's: change them, or leave them out";
  findings.add(
    "fail",
    "labels",
    `${readingText(fit.better)} fit the model far better: ${formatShare(accuracy)} of the pixels in place of ${formatShare(now.accuracy)}; ${remedy}`,
    fit.labelMap === undefined ? undefined : { labelMap: fit.labelMap },
  );
}

function addIgnored(findings: Findings, tally: LabelTally): void {
  const { voidShare } = labelStats(tally);
  const none = voidShare === 1;
  const remedy = none ? ": nothing can be measured" : " of the images alone";
  const warning =
    voidShare > mostIgnored
      ? `; figures would be of ${none ? "no pixel" : "the rest"}${remedy}: check --ignore-label and --label-map`
      : "";
  findings.add(
    none ? "fail" : warning ? "warn" : "pass",
    "ignored",
    `${formatShare(voidShare)} of the pixels count nowhere${warning}`,
  );
}

/** Labels that are no class: what to do about all of them, and how much of each there is. */
function addOutside(
  findings: Findings,
  tally: LabelTally,
  classes: number,
  isOpen: boolean,
  fit: LabelFit | undefined,
): void {
  const present = tally.classes.flatMap((count, label) => (count > 0 ? [label] : []));
  const outside = present.filter((label) => label >= classes);
  if (outside.length === 0) {
    findings.add("pass", "labels", `all in 0 to ${classes - 1}`);
    return;
  }
  const { shares } = labelStats(tally);
  const found = outside.slice(0, 3).map((label) => {
    const share = `${formatShare(shares[label]!)} of the labelled pixels, in ${plural(tally.images[label]!, "image")}`;
    return `label ${label} (${share})`;
  });
  const others = outside.length > 3 ? ` and ${plural(outside.length - 3, "more label")}` : "";
  const next = isOpen && outside.length === 1 && outside[0] === classes ? classes + 1 : undefined;
  const advice = labelAdvice(present, classes, { more: next, shift: fit?.shift });
  findings.add(
    "fail",
    "labels",
    `${found.join(", ")}${others} ${outside.length > 1 ? "are" : "is"} none of ${classes} classes; ${advice.join(", ")}`,
  );
}
