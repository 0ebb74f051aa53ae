/** The tables and the picture of the study. */
import * as Plot from "@observablehq/plot";
import { change, groups, markdownTable, percent, plotPicture, sheetOf, withInterval } from "../pages.mjs";
import { passesOf } from "./studies.mjs";

/** @param {ReturnType<typeof import("./figures.mjs").comparisons>} rows */
export function comparisonTable(rows) {
  const head = ["backbone", "training", "epochs", "passes"];
  const figures = ["aAcc", "mIoU"].flatMap((name) => [
    ...[`${name}, clean start`, "robust start", "difference", "visible"],
  ]);
  const lines = rows.map(({ backbone, steps, epochs, passes, aAcc, mIoU }) => [
    ...[backbone, nameOf(steps), epochs, passes],
    ...[aAcc, mIoU].flatMap(comparedCells),
  ]);
  return markdownTable([...head, ...figures], lines);
}

const nameOf = (steps) => (steps > 0 ? `AT${steps}` : "no attack");

function comparedCells({ clean, robust, difference, visible }) {
  return [withInterval(clean, 1), withInterval(robust, 1), change(difference, 1), percent(visible, 1)];
}

/** @param {ReturnType<typeof import("./figures.mjs").ratios>} rows */
export function ratioTable(rows) {
  const head = [
    "backbone",
    "training",
    "epochs of the robust start",
    "ratio of each seed",
    "mean",
    "95 % interval",
  ];
  const lines = rows.map(({ backbone, steps, epochs, single, mean }) => [
    ...[backbone, nameOf(steps), epochs, single.map((ratio) => times(ratio)).join(", ")],
    ...(mean
      ? [times(2 ** mean.mean), mean.interval.map((end) => times(2 ** end)).join(" to ")]
      : ["–", "–"]),
  ]);
  return markdownTable(head, lines);
}

const times = (ratio) => (Number.isFinite(ratio) ? ratio.toFixed(1) : "not reached");

const panel = { width: 480, height: 320 };

/** Red for trainings from a robust backbone, blue for those from a clean one. */
const colours = { clean: "#4269d0", robust: "#d6334a" };

/**
 * The worst-case mIoU against epochs and passes, a row for each.
 * @param {import("./figures.mjs").Result[]} results
 */
export async function pictureOf(results) {
  const axes = { epochs: ({ epochs }) => epochs, "passes of each image": passesOf };
  const rows = Object.entries(axes).map(([label, along]) =>
    Promise.all(groups(results, ({ steps }) => steps).map((own) => panelOf(own, label, along))),
  );
  return sheetOf(await Promise.all(rows), panel);
}

/** Dots are seeds, lines go through their means. */
function panelOf(results, label, along) {
  const points = results.map((result) => ({
    start: result.start,
    at: along(result),
    mIoU: 100 * result.figures.mIoU,
  }));
  const places = [...new Set(points.map(({ at }) => at))].sort((a, b) => a - b);
  const starts = Object.keys(colours);
  return plotPicture({
    ...{ ...panel, marginLeft: 50, marginTop: 30, marginBottom: 40 },
    x: { type: "log", base: 2, label, labelAnchor: "center", ticks: places, tickFormat: String },
    y: { label: null, grid: true, domain: [0, 100], ticks: 5 },
    color: { domain: starts, range: Object.values(colours) },
    marks: [
      Plot.lineY(points, Plot.groupX({ y: "mean" }, { x: "at", y: "mIoU", stroke: "start" })),
      Plot.dot(points, { x: "at", y: "mIoU", stroke: "start", r: 3 }),
      Plot.text([`${nameOf(results[0].steps)}: worst-case mIoU, %`], { frameAnchor: "top-left", dy: -22 }),
      ...starts.map((start, i) =>
        Plot.text([`${start} backbone`], { frameAnchor: "bottom-right", dy: -15 * i, fill: () => start }),
      ),
    ],
  });
}
