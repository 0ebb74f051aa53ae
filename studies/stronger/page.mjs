/** The page of the study: its tables and its picture. */
import { readFileSync, writeFileSync } from "node:fs";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import sharp from "sharp";

const percent = (value, digits = 2) => (100 * value).toFixed(digits);
const halfOf = ({ interval: [low, high] }) => (high - low) / 2;
const withInterval = (estimate) =>
  estimate.interval ? `${percent(estimate.mean)} ± ${percent(halfOf(estimate))}` : percent(estimate.mean);
const change = (estimate) => `${estimate.mean > 0 ? "+" : ""}${withInterval(estimate)}`;

/** @param {{ bed: string, eps: string, ensemble: string, figures: object }[]} rows */
export function tableOf(rows) {
  const head = [
    "| model | ε | ensemble | passes | aAcc | change | mIoU | change |",
    "|---|---|---|---|---|---|---|---|",
  ];
  const lines = rows.map(({ bed, eps, ensemble, figures }) => {
    const { passes, aAcc, mIoU, aAccChange, mIoUChange } = figures;
    const cells = [bed, eps, `\`${ensemble}\``, passes.toFixed(0), withInterval(aAcc), change(aAccChange)];
    return `| ${[...cells, withInterval(mIoU), change(mIoUChange)].join(" | ")} |`;
  });
  return [...head, ...lines].join("\n");
}

/** @param {{ bed: string, eps: string, taken: string, figures: object }[]} rows */
export function ablationTable(rows) {
  const head = [
    "| model | ε | taken away | aAcc | change | mIoU | change |",
    "|---|---|---|---|---|---|---|",
  ];
  const lines = rows.map(({ bed, eps, taken, figures }) => {
    const { aAcc, mIoU, aAccChange, mIoUChange } = figures;
    return `| ${[bed, eps, taken, percent(aAcc.mean), change(aAccChange), percent(mIoU.mean), change(mIoUChange)].join(" | ")} |`;
  });
  return [...head, ...lines].join("\n");
}

/** Puts a table between its marks in docs/studies/stronger.md. */
export function print(name, table) {
  const page = new URL("../../docs/studies/stronger.md", import.meta.url);
  const marks = new RegExp(`(<!-- printed: ${name} -->\\n)[^]*?(<!-- /printed -->)`);
  writeFileSync(
    page,
    readFileSync(page, "utf8").replace(marks, (_, open, close) => `${open}${table}\n${close}`),
  );
}

const panel = { width: 480, height: 300 };

/** Percentage points above the lowest curve that a panel shows: the part in which attacks differ. */
const shown = 12;

/**
 * Curves as a PNG: a row for each model, a column for each radius.
 * @param {{ bed: string, eps: string, ensemble: string, curve: number[] }[]} curves
 */
export async function pictureOf(curves) {
  const rows = groups(curves, ({ bed }) => bed);
  const panels = await Promise.all(
    rows.flatMap((row, i) =>
      groups(row, ({ eps }) => eps).map(async (own, j) => ({
        input: await panelOf(own),
        left: j * panel.width,
        top: i * panel.height,
      })),
    ),
  );
  const size = { width: 2 * panel.width, height: rows.length * panel.height };
  const paper = sharp({ create: { ...size, channels: 3, background: "white" } });
  return paper.composite(panels).png({ palette: true }).toBuffer();
}

function drawnFirst(points) {
  const isUnder = ({ ensemble }) => ensemble === "strongest";
  return [...points.filter(isUnder), ...points.filter((point) => !isUnder(point))];
}

function groups(items, keyOf) {
  return [...new Set(items.map(keyOf))].map((key) => items.filter((item) => keyOf(item) === key));
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
  const { document } = parseHTML("<html></html>");
  const svg = Plot.plot({
    ...{ document, ...panel, marginLeft: 50, marginTop: 30, marginBottom: 40 },
    style: { fontSize: "12px", fontFamily: "sans-serif" },
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
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return sharp(Buffer.from(svg.outerHTML)).flatten({ background: "white" }).png().toBuffer();
}
