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

function comparedCells({ clean, robust, ...gain }) {
  return [withInterval(clean, 1), withInterval(robust, 1), ...gainCells(gain)];
}

/** @param {ReturnType<typeof import("./figures.mjs").stepGains>} rows */
export function stepTable(rows) {
  const head = ["start", "epochs", "mIoU of", "less that of", "in as many epochs", "visible"];
  const lines = rows.map(({ start, more, fewer, epochs, sameEpochs, samePasses }) => [
    ...[start, epochs, nameOf(more), nameOf(fewer)],
    ...[sameEpochs, samePasses].flatMap(gainCells),
  ]);
  return markdownTable([...head, "in as many passes", "visible"], lines);
}

const gainCells = (gain) => (gain ? [change(gain.difference, 1), percent(gain.visible, 1)] : ["–", "–"]);

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

const panel = { width: 520, height: 340 };

/** Red from a robust backbone, blue from a clean one; darker with more steps of the attack. */
const colours = { clean: ["#b8c7ee", "#4269d0", "#1b2f6b"], robust: ["#f3b3bc", "#d6334a", "#75131f"] };

/**
 * The worst-case mIoU of each backbone against epochs. Where trainings differ in attack steps there is a row for each backbone, with
 * a second picture against passes.
 * @param {import("./figures.mjs").Result[]} results in the order of `inOrder`
 */
export async function pictureOf(results) {
  const backbones = groups(results, ({ backbone }) => backbone);
  const overEpochs = (own) => panelOf(own, ["epochs", ({ epochs }) => epochs]);
  const overPasses = (own) => panelOf(own, ["passes of each image", passesOf]);
  const hasOneAttack = new Set(results.map(({ steps }) => steps)).size === 1;
  const rows = hasOneAttack
    ? [backbones.map(overEpochs)]
    : backbones.map((own) => [overEpochs(own), overPasses(own)]);
  return sheetOf(await Promise.all(rows.map((row) => Promise.all(row))), panel);
}

/** Dots are seeds, lines go through their means. */
function panelOf(results, [label, along]) {
  const points = results.map((result) => ({
    name: `${nameOf(result.steps)}, ${result.start}`,
    colour: colours[result.start][[0, 2, 5].indexOf(result.steps)],
    at: along(result),
    mIoU: 100 * result.figures.mIoU,
  }));
  const names = groups(points, ({ name }) => name).map(([{ name, colour }]) => ({ name, colour }));
  return plotPicture({
    ...{ ...panel, marginLeft: 50, marginRight: 125, marginTop: 30, marginBottom: 40 },
    x: { type: "log", base: 2, label, labelAnchor: "center", ticks: ticksOf(points), tickFormat: String },
    y: { label: null, grid: true, domain: [0, 100], ticks: 5 },
    color: { domain: names.map(({ name }) => name), range: names.map(({ colour }) => colour) },
    marks: [
      Plot.lineY(points, Plot.groupX({ y: "mean" }, { x: "at", y: "mIoU", stroke: "name", sort: "at" })),
      Plot.dot(points, { x: "at", y: "mIoU", stroke: "name", r: 3 }),
      Plot.text([`${results[0].backbone}: worst-case mIoU in %, by training and start`], {
        frameAnchor: "top-left",
        dy: -22,
      }),
      ...names.map(({ name }, i) =>
        Plot.text([name], {
          frameAnchor: "right",
          textAnchor: "start",
          dx: 8,
          dy: 16 * i - 60,
          fill: () => name,
        }),
      ),
    ],
  });
}

const ticksOf = (points) => [...new Set(points.map(({ at }) => at))];
