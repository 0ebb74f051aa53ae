/** A result as plain text: one table for each radius. */
import { parseRadius } from "../base/index.js";
import { cleanAttack, type Result } from "../journal/index.js";
import { ablationLines } from "./ablation.js";
import { roundSentences } from "./rounds.js";
import { alignRows, formatCount, formatDuration, formatFigure, formatShare, plural } from "./text.js";
import { uncertaintyLines } from "./uncertainty.js";

type AtRadius = Result["robust"][number];

/** The lines of a result, without line ends: data and meaning of the figures, then the tables. */
export function resultLines(result: Result): string[] {
  const tables = result.robust.map((radius) => tableLines(result, radius));
  const blocks = [...tables, roundLines(result), uncertaintyLines(result), ablationLines(result)].filter(
    (lines) => lines.length > 0,
  );
  return [...headLines(result), ...blocks.flatMap((lines) => ["", ...lines])];
}

function roundLines(result: Result): string[] {
  const sentences = roundSentences(result);
  return sentences.length > 0 ? ["rounds", ...sentences] : [];
}

function headLines({ data, shard, model }: Result): string[] {
  const lines = [`${plural(data.images, "image")} of ${data.spec}, ${plural(model.classes, "class")}`];
  if (shard) {
    lines.push(
      `shard ${shard.index + 1} of ${shard.count}: figures are of this shard's images only; combine all shards with seawall merge`,
    );
  }
  if (data.missingImages) {
    lines.push(
      `not complete: ${plural(data.missingImages, "image")} missing; continue the run with --resume`,
    );
  }
  if (data.labels === "self") {
    lines.push("reference: the model's own clean prediction, so figures are consistency, not accuracy");
  }
  return lines;
}

/** The table of one radius. */
function tableLines(result: Result, { eps, worst, strict, attacks }: AtRadius): string[] {
  const self = result.data.labels === "self";
  const row = (name: string, figures: { aAcc: number; mIoU: number }, remark = "") => [
    name,
    formatFigure(figures.aAcc),
    formatFigure(figures.mIoU),
    remark,
  ];
  const accounting = result.protocol.accounting === "authors" ? ", published accounting" : "";
  return alignRows([
    [`ε = ${eps}${accounting}`, self ? "consistency" : "aAcc", self ? "consistency mIoU" : "mIoU", ""],
    row(cleanAttack, result.clean),
    ...attacks.map((attack) => row(attack.name, attack)),
    row("worst case", worst, strict ? "" : bound(worst)),
    ...(strict ? [row("worst case, strict", strict, bound(strict))] : []),
  ]);
}

/** The lower bound of mIoU over all choices among the attacks that were run. Another attack can go below it. */
function bound({ mIoULower }: AtRadius["worst"]): string {
  return `lower bound over these attacks: ${formatFigure(mIoULower)}`;
}

/**
 * Size, cost and limits of a run, in one line.
 * @param maxDelta the largest change of a colour value over all results of attacks, if known
 */
export function invariantsLine({ model, data, cost, protocol }: Result, maxDelta?: number): string {
  return [
    ...(maxDelta === undefined
      ? []
      : [`largest |δ| ${maxDelta.toPrecision(4)} of ε up to ${largest(protocol.eps)}`]),
    plural(data.images, "image"),
    `${formatShare(data.ignoredPixels)} of pixels ignored`,
    `${formatCount(cost.forward)} forward and ${formatCount(cost.backward)} backward passes${model.window ? " over all windows" : ""} in ${formatDuration(cost.seconds)}`,
  ].join(" · ");
}

function largest(eps: readonly string[]): string {
  return eps.reduce((a, b) => (parseRadius(b).value > parseRadius(a).value ? b : a));
}
