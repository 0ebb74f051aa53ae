/** The page of the study: its tables and its picture. */
import * as Plot from "@observablehq/plot";
import {
  change,
  groups,
  markdownTable,
  percent,
  plotPicture,
  printTable,
  sheetOf,
  withInterval,
} from "../pages.mjs";

/** @param {{ bed: string, eps: string, ensemble: string, figures: object }[]} rows */
export function tableOf(rows) {
  const head = ["model", "ε", "ensemble", "passes", "aAcc", "change", "mIoU", "change"];
  const lines = rows.map(({ bed, eps, ensemble, figures }) => {
    const { passes, aAcc, mIoU, aAccChange, mIoUChange } = figures;
    const cells = [bed, eps, `\`${ensemble}\``, passes.toFixed(0), withInterval(aAcc), change(aAccChange)];
    return [...cells, withInterval(mIoU), change(mIoUChange)];
  });
  return markdownTable(head, lines);
}

/** @param {{ bed: string, eps: string, taken: string, figures: object }[]} rows */
export function ablationTable(rows) {
  const head = ["model", "ε", "taken away", "aAcc", "change", "mIoU", "change"];
  const lines = rows.map(({ bed, eps, taken, figures }) => {
    const { aAcc, mIoU, aAccChange, mIoUChange } = figures;
    return [bed, eps, taken, percent(aAcc.mean), change(aAccChange), percent(mIoU.mean), change(mIoUChange)];
  });
  return markdownTable(head, lines);
}

/** Puts a table between its marks in docs/studies/stronger.md. */
export function print(name, table) {
  printTable(new URL("../../docs/studies/stronger.md", import.meta.url), name, table);
}

const panel = { width: 480, height: 300 };

/** Percentage points above the lowest curve that a panel shows: the part in which attacks differ. */
const shown = 12;

/**
 * Curves as a PNG: a row for each model, a column for each radius.
 * @param {{ bed: string, eps: string, ensemble: string, curve: number[] }[]} curves
 */
export async function pictureOf(curves) {
  const rows = groups(curves, ({ bed }) => bed).map((row) =>
    Promise.all(groups(row, ({ eps }) => eps).map(panelOf)),
  );
  return sheetOf(await Promise.all(rows), panel);
}

function drawnFirst(points) {
  const isUnder = ({ ensemble }) => ensemble === "strongest";
  return [...points.filter(isUnder), ...points.filter((point) => !isUnder(point))];
}

/** Blue, orange and grey for what is published, red and green for what is new. */
const colours = ["#4269d0", "#efb118", "#9498a0", "#d6334a", "#2a8c4a"];

/** A wide grey line under the ensembles that `strongest` contains, so that equal curves are seen. */
const widthOf = ({ ensemble }) => (ensemble === "strongest" ? 4 : 1.6);

/** The curves of a model at a radius. */
function panelOf(curves) {
  const [{ bed, eps }] = curves;
  const points = curves.flatMap(({ ensemble, curve }) =>
    curve.map((share, pass) => ({ ensemble, pass: pass + 1, share: 100 * share })),
  );
  const lowest = Math.min(...points.map(({ share }) => share));
  const domain = curves.map(({ ensemble }) => ensemble);
  return plotPicture({
    ...{ ...panel, marginLeft: 50, marginTop: 30, marginBottom: 40 },
    x: { label: "passes of an image", labelAnchor: "center", ticks: 5 },
    y: { label: null, grid: true, domain: [lowest - 0.5, lowest + shown], ticks: 6 },
    color: { domain, range: colours },
    marks: [
      Plot.lineY(drawnFirst(points), {
        x: "pass",
        y: "share",
        stroke: "ensemble",
        strokeWidth: widthOf,
        clip: true,
      }),
      Plot.text([`${bed}, ε = ${eps}: right pixels left, %`], { frameAnchor: "top-left", dy: -22 }),
      ...domain.map((ensemble, i) =>
        Plot.text([ensemble], { frameAnchor: "top-right", dy: 15 * i, fill: () => ensemble }),
      ),
    ],
  });
}
