/** A comparison as a page of plain text. */

import { alignRows, formatFigure, plural } from "../text.js";
import type { Comparison } from "./compare.js";
import type { ChangedImage, ComparedFigure, ComparedRow } from "./compared-rows.js";

/** What was compared, the table of differences, and the images that changed most; lines without an end. */
export function comparisonLines(comparison: Comparison): string[] {
  const { a, b, images, bootstrap, differences, rows } = comparison;
  const { resamples, confidence } = bootstrap;
  return [
    `${plural(images, "image")} of both runs: A is ${a.model}, B is ${b.model}`,
    `differences are B − A; in brackets the ${100 * confidence} % interval of ${resamples} resamples of the images`,
    ...(images < fewImages ? ["so few images make intervals a rough guide"] : []),
    ...differences.map((difference) => `not alike: ${difference}`),
    "",
    ...alignRows([heading, ...rows.map(rowOf)]),
    ...rows.filter(isHeadline).flatMap(changedLines),
  ];
}

/** Below, resamples repeat a handful of images, and intervals come out too narrow. */
const fewImages = 20;

const heading = ["", "ε", "aAcc A", "aAcc B", "B − A", "", "mIoU A", "mIoU B", "B − A", ""];

function rowOf({ subject, eps, aAcc, mIoU }: ComparedRow): string[] {
  return [subjectName(subject), eps ?? "", ...cells(aAcc), ...(mIoU ? cells(mIoU) : ["other classes"])];
}

function subjectName(subject: string): string {
  return subject === "worst" ? "worst case" : subject;
}

function cells({ a, b, difference, interval }: ComparedFigure): string[] {
  const bracket = interval ? `[${interval.map(formatDifference).join(", ")}]` : "no interval";
  return [formatFigure(a), formatFigure(b), formatDifference(difference), bracket];
}

/** With its sign, and without one where it rounds to nothing. */
export function formatDifference(difference: number): string {
  const text = formatFigure(Math.abs(difference));
  if (Number(text) === 0) return text;
  return difference < 0 ? `-${text}` : `+${text}`;
}

/** The rows whose images are listed: each attack alone would say the same again. */
function isHeadline({ subject }: ComparedRow): boolean {
  return subject === "clean" || subject === "worst";
}

function changedLines({ subject, eps, higher, lower, same, changed }: ComparedRow): string[] {
  const where = eps === null ? subject : `${subjectName(subject)} at ${eps}`;
  const all = plural(higher + lower + same, "image");
  const summary = `${where}: aAcc is higher in ${higher}, lower in ${lower}, the same in ${same} of ${all}`;
  const rows = changed.map(({ image, a, b, difference }: ChangedImage) => [
    `  ${image}`,
    formatFigure(a),
    formatFigure(b),
    formatDifference(difference),
  ]);
  return ["", summary, ...alignRows(rows)];
}
