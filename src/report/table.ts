/** A result as a page of plain text: one table for each radius. */
import { parseRadius } from "../base/index.js";
import { cleanAttack, type Result } from "../journal/index.js";
import { ablationLines } from "./ablation.js";
import { alignRows, formatCount, formatDuration, formatFigure, formatShare, plural } from "./text.js";

type AtRadius = Result["robust"][number];

/** What a table's figures mean, what they are of, and the tables; lines without an end. */
export function resultLines(result: Result): string[] {
  const tables = result.robust.map((radius) => tableLines(result, radius));
  const blocks = [...tables, ablationLines(result)].filter((lines) => lines.length > 0);
  return [...headLines(result), ...blocks.flatMap((lines) => ["", ...lines])];
}

function headLines({ data, shard, model }: Result): string[] {
  const lines = [`${plural(data.images, "image")} of ${data.spec}, ${plural(model.classes, "class")}`];
  if (shard) {
    lines.push(
      `shard ${shard.index + 1} of ${shard.count}: figures of its own images; seawall merge makes the whole`,
    );
  }
  if (data.missingImages) {
    lines.push(`not complete: ${plural(data.missingImages, "image")} left out; --resume continues the run`);
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
    row("worst case", worst, strict ? "" : bracket(worst)),
    ...(strict ? [row("worst case, strict", strict, bracket(strict))] : []),
  ]);
}

/** The worst case over all choices of attack lies between the bound and what the search found. */
function bracket({ mIoU, mIoULower }: AtRadius["worst"]): string {
  return `mIoU in ${formatFigure(mIoULower)} .. ${formatFigure(mIoU)}`;
}

/**
 * What must hold in every run, in one line.
 * @param maxDelta largest |δ| of all kept points, where known
 */
export function invariantsLine({ data, cost, protocol }: Result, maxDelta?: number): string {
  return [
    ...(maxDelta === undefined
      ? []
      : [`largest |δ| ${maxDelta.toPrecision(4)} of ε up to ${largest(protocol.eps)}`]),
    plural(data.images, "image"),
    `${formatShare(data.ignoredPixels)} of pixels ignored`,
    `${formatCount(cost.forward)} forward and ${formatCount(cost.backward)} backward passes in ${formatDuration(cost.seconds)}`,
  ].join(" · ");
}

function largest(eps: readonly string[]): string {
  return eps.reduce((a, b) => (parseRadius(b).value > parseRadius(a).value ? b : a));
}
