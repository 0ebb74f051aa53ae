/** A run as CSV files: figures, classes and images. */
import { stringify } from "csv-stringify/sync";
import { cleanAttack, cleanEps, type Figures, type WorstFigures } from "../../journal/index.js";
import { meanIoU } from "../../metric/index.js";
import type { ReportedRun } from "../reported.js";

/** The entry of the attack column for the worst case. */
const worst = "worst";

/** The files, by name. A cell that a spreadsheet would take for a formula gets an apostrophe in front. */
export function csvFiles(run: ReportedRun): Readonly<Record<string, string>> {
  return { "figures.csv": figuresCsv(run), "classes.csv": classesCsv(run), "images.csv": imagesCsv(run) };
}

type Cell = string | number | null | undefined;

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return stringify([head, ...rows] as unknown[][], { escape_formulas: true });
}

type Named = readonly [eps: string, attack: string, figures: Partial<Figures & WorstFigures>];

/** All sets of figures of a result: clean, and each attack and the worst case at each radius. */
function figureSets({ result: { clean, robust } }: ReportedRun): Named[] {
  return [
    [cleanEps, cleanAttack, clean],
    ...robust.flatMap(({ eps, attacks, worst: figures, strict }): Named[] => [
      ...attacks.map((attack): Named => [eps, attack.name, attack]),
      [eps, worst, figures],
      ...(strict ? [[eps, `${worst}, strict`, strict] satisfies Named] : []),
    ]),
  ];
}

function figuresCsv(run: ReportedRun): string {
  const names = ["aAcc", "aAccPooled", "mAcc", "mIoU", "mIoULower", "imageMIoU"] as const;
  const rows = figureSets(run).map(([eps, attack, figures]) => [
    eps,
    attack,
    ...names.map((name) => figures[name]),
  ]);
  return table(["eps", "attack", ...names], rows);
}

function classesCsv(run: ReportedRun): string {
  const { classNames } = run.result.model;
  const rows = figureSets(run).flatMap(([eps, attack, { perClassIoU = [] }]) =>
    perClassIoU.map((figure, s) => [eps, attack, s, classNames?.[s], figure]),
  );
  return table(["eps", "attack", "class", "name", "IoU"], rows);
}

function imagesCsv({ records }: ReportedRun): string {
  const names = ["accuracy", "pixels", "correct", "valid"] as const;
  const costs = ["step", "maxDelta", "forward", "backward", "seconds"] as const;
  const rows = records.map((record) => [
    ...[record.index, record.image, record.hash, record.eps, record.attack],
    ...names.map((name) => record[name]),
    meanIoU(record),
    ...costs.map((name) => record[name]),
  ]);
  return table(["index", "image", "hash", "eps", "attack", ...names, "mIoU", ...costs], rows);
}
