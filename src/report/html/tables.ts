/** Tables of figures by attack and by class. */
import { parseRadius } from "../../base/index.js";
import { cleanAttack, type Figures, type Result, type RunRecord } from "../../journal/index.js";
import { type Markup, markup } from "../markup.js";
import type { ReportedRun } from "../reported.js";
import { formatCount, formatDuration, formatFigure } from "../text.js";
import { type Cell, classLabel, className, figureCell, sortableTable } from "./parts.js";

/** Figures and cost of every attack at every radius. */
export function attackTable({ result, records }: ReportedRun): Markup {
  const figures = ({ aAcc, mIoU, mAcc, imageMIoU }: Figures) => [aAcc, mIoU, mAcc, imageMIoU].map(figureCell);
  const spent = (eps: string, attack: string) =>
    costCells(records.filter((record) => record.eps === eps && record.attack === attack));
  const rows = [
    [{ content: cleanAttack }, radiusCell("0"), ...figures(result.clean), ...spent("0", cleanAttack)],
    ...result.robust.flatMap(({ eps, attacks }) =>
      attacks.map((attack) => [
        { content: attack.name },
        radiusCell(eps),
        ...figures(attack),
        ...spent(eps, attack.name),
      ]),
    ),
  ];
  const numeric = ["aAcc", "mIoU", "mAcc", "image mIoU", "passes", "engine time", "median step"];
  return sortableTable(
    "Figures and cost of each attack",
    [{ head: "attack" }, { head: "ε", numeric: true }, ...numeric.map((head) => ({ head, numeric: true }))],
    rows,
  );
}

/** The worst case without each attack, and by how much it is higher. Undefined for a run of one attack. */
export function ablationTable({ result }: ReportedRun): Markup | undefined {
  const rows = result.robust.flatMap(ablationRows);
  if (rows.length === 0) return undefined;
  const numeric = ["ε", "aAcc", "increase", "mIoU", "increase"];
  return markup`${sortableTable(
    "Worst case without one attack",
    [{ head: "left out" }, ...numeric.map((head) => ({ head, numeric: true }))],
    rows,
  )}<p class="note">Computed from the stored records. An increase means that the attack left out finds worse results than all
others on some images.</p>
`;
}

function ablationRows({ eps, attacks, worst, strict = worst }: Result["robust"][number]): Cell[][] {
  const figures = (without: number, all: number) => [figureCell(without), addedCell(without - all)];
  const row = (name: string, { aAcc, mIoU }: { readonly aAcc: number; readonly mIoU: number }) => [
    ...[{ content: name }, radiusCell(eps)],
    ...[...figures(aAcc, strict.aAcc), ...figures(mIoU, strict.mIoU)],
  ];
  return attacks.flatMap(({ name, without }) => (without ? [row(name, without)] : []));
}

function addedCell(difference: number): Cell {
  return { content: formatFigure(difference), sortBy: difference };
}

const radiusCell = (eps: string): Cell => ({ content: eps, sortBy: parseRadius(eps).value });

/** Number of passes, engine time, and the median of the steps at which the attack's results were found. */
function costCells(records: readonly RunRecord[]): Cell[] {
  const sum = (of: (record: RunRecord) => number) => records.reduce((total, record) => total + of(record), 0);
  const [passes, seconds] = [
    sum(({ forward, backward }) => forward + backward),
    sum((record) => record.seconds),
  ];
  const steps = records.map(({ step }) => step).sort((a, b) => a - b);
  const step = steps[Math.floor(steps.length / 2)] ?? 0;
  return [
    { content: formatCount(passes), sortBy: passes },
    { content: formatDuration(seconds), sortBy: seconds },
    { content: formatCount(step), sortBy: step },
  ];
}

/** IoU of each class, clean and in the worst case at each radius. */
export function classTable({ description: run, result, images }: ReportedRun): Markup {
  const labelled = new Float64Array(run.model.classes);
  for (const { records } of images)
    records[0]!.labels.forEach((n, s) => {
      labelled[s]! += n;
    });
  const all = labelled.reduce((sum, n) => sum + n, 0);
  const rows = result.clean.perClassIoU.flatMap((clean, s) => {
    const worst = result.robust.map(({ worst }) => worst.perClassIoU[s]);
    if (clean === null && worst.every((figure) => figure === null)) return [];
    const share = labelled[s]! / all;
    return [
      [
        { content: classLabel(run, s), sortBy: className(run, s) },
        { content: `${(100 * share).toFixed(1)} %`, sortBy: share },
        figureCell(clean),
        ...worst.map(figureCell),
      ],
    ];
  });
  const radii = result.robust.map(({ eps }) => ({ head: markup`worst case, ${eps}`, numeric: true }));
  const absent = run.model.classes - rows.length;
  return markup`${sortableTable(
    "IoU of each class",
    [
      { head: "class" },
      { head: "share of pixels", numeric: true },
      { head: "clean", numeric: true },
      ...radii,
    ],
    rows,
  )}<p class="note">Worst case: each class under the choice of attacks that has the worst-case mIoU.${
    absent > 0 &&
    ` Not listed: ${absent} of ${run.model.classes} classes, which are neither labelled nor predicted.`
  }</p>
`;
}
