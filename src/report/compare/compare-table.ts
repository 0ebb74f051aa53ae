/** A comparison as plain text. */
import { fewImages, type Interval } from "../../metric/index.js";
import { alignRows, formatFigure, plural } from "../text.js";
import type { ComparedRun, Comparison } from "./compare.js";
import type { ChangedImage, ComparedFigure, ComparedRow } from "./compared-rows.js";

/** The lines of a comparison, without line ends: the runs, the table of differences, the images that changed most. */
export function comparisonLines(comparison: Comparison): string[] {
  const { a, b, images, bootstrap, differences, rows } = comparison;
  const { resamples, confidence } = bootstrap;
  return [
    `${plural(images, "image")} in both runs. A: ${a.model}, B: ${b.model}`,
    `B − A is the difference; in brackets its ${100 * confidence} % bootstrap interval over images (${resamples} resamples)`,
    ...(images < fewImages
      ? [`intervals are only a rough guide, because there are fewer than ${fewImages} images`]
      : []),
    ...differences.map((difference) => `the runs differ: ${difference}`),
    ...unsound("A", a),
    ...unsound("B", b),
    "",
    ...alignRows([heading, ...rows.map(rowOf)]),
    ...rows.filter(isHeadline).flatMap(changedLines),
  ];
}

function unsound(run: string, { failedChecks }: ComparedRun): string[] {
  if (failedChecks.length === 0) return [];
  return [`the figures of ${run} are no evidence: checks failed (${failedChecks.join(", ")})`];
}

const heading = ["", "ε", "aAcc A", "aAcc B", "B − A", "", "mIoU A", "mIoU B", "B − A", ""];

function rowOf({ subject, eps, aAcc, mIoU }: ComparedRow): string[] {
  return [subjectName(subject), eps ?? "", ...cells(aAcc), ...(mIoU ? cells(mIoU) : ["classes differ"])];
}

function subjectName(subject: string): string {
  return subject === "worst" ? "worst case" : subject;
}

function cells({ a, b, difference, interval }: ComparedFigure): string[] {
  const bracket = interval ? `[${interval.map(formatDifference).join(", ")}]` : "no interval";
  return [formatFigure(a), formatFigure(b), formatDifference(difference), bracket];
}

/** A difference with four decimals and its sign; without a sign if it rounds to 0. */
export function formatDifference(difference: number): string {
  const text = formatFigure(Math.abs(difference));
  if (Number(text) === 0) return text;
  return difference < 0 ? `-${text}` : `+${text}`;
}

/** Whether a row's images are listed. They are not for single attacks, which would repeat the worst case. */
function isHeadline({ subject }: ComparedRow): boolean {
  return subject === "clean" || subject === "worst";
}

/** Whether a difference can be chance: of the images, and of the starts. */
function noiseLines({ subject, aAcc, mIoU }: ComparedRow): string[] {
  if (subject !== "worst") return [];
  return [`  aAcc: ${noiseOf(aAcc)}`, ...(mIoU ? [`  mIoU: ${noiseOf(mIoU)}`] : [])];
}

function noiseOf({ interval, starts }: ComparedFigure): string {
  const images = interval ? `${side(interval)} other images` : "unknown for other images";
  const others = starts
    ? `${side(starts)} other starts, [${starts.map(formatDifference).join(", ")}]`
    : "unknown for other starts (eval --seeds 3 for both runs)";
  return `the difference is ${images}; ${others}`;
}

function side([low, high]: Interval): string {
  return low > 0 || high < 0 ? "beyond the noise of" : "within the noise of";
}

function changedLines(row: ComparedRow): string[] {
  const { subject, eps, higher, lower, same, changed } = row;
  const where = eps === null ? subject : `${subjectName(subject)} at ${eps}`;
  const all = plural(higher + lower + same, "image");
  const summary = `${where}: aAcc is higher in ${higher}, lower in ${lower}, the same in ${same} of ${all}`;
  const rows = changed.map(({ image, a, b, difference }: ChangedImage) => [
    `  ${image}`,
    formatFigure(a),
    formatFigure(b),
    formatDifference(difference),
  ]);
  return ["", summary, ...noiseLines(row), ...alignRows(rows)];
}
