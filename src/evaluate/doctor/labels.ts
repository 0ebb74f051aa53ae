/** The labels of a data set: how many of each class, and which belong to none. */
import { formatShare, plural } from "../../base/index.js";
import { addLabelCounts, countLabelMap, type LabelCounts, labelStats } from "../../data/index.js";
import { type Finding, Findings } from "./finding.js";

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

/** Judges the labels against the number of classes, the model's where the data set has none of its own. */
export function labelFindings(tally: LabelTally, modelClasses: number | undefined): Finding[] {
  const findings = new Findings("data");
  const classes = tally.declared ?? modelClasses ?? tally.classes.length;
  const { voidShare, shares } = labelStats(tally);
  findings.add("pass", "ignored", `${formatShare(voidShare)} of the pixels count nowhere`);
  const outside = tally.classes.flatMap((count, label) => (label >= classes && count > 0 ? [label] : []));
  for (const label of outside.slice(0, 3)) {
    const found = `${formatShare(shares[label]!)} of the labelled pixels, in ${plural(tally.images[label]!, "image")}`;
    const remedy = label === classes ? `, --classes ${classes + 1} if it is one` : "";
    findings.add(
      "fail",
      "labels",
      `label ${label} (${found}) is none of ${classes} classes; --ignore-label ${label} if it must not count${remedy}`,
    );
  }
  if (outside.length > 3)
    findings.add("fail", "labels", `and ${outside.length - 3} more labels that are no class`);
  const absent = Array.from({ length: classes }, (_, k) => k).filter((k) => !tally.classes[k]);
  if (outside.length === 0) findings.add("pass", "labels", `all in 0 to ${classes - 1}`);
  if (absent.length > 0)
    findings.add("warn", "absent", `no pixel of class ${absent.join(", ")} in these images`);
  if (modelClasses !== undefined && tally.declared !== undefined && tally.declared !== modelClasses) {
    findings.add(
      "fail",
      "classes",
      `the data has ${tally.declared}, the model ${modelClasses}; see --classes and --output`,
    );
  }
  return findings.list;
}
