/** The section on confusions between classes. */
import type { RunRecord } from "../../journal/index.js";
import { type Markup, markup } from "../markup.js";
import type { ReportedRun } from "../reported.js";
import { formatCount, formatShare } from "../text.js";
import { chart, Plot } from "./chart.js";
import { classLabel, className, panels, sortableTable } from "./parts.js";
import type { RegionSums } from "./regions.js";

/** The most confusions listed for each radius, and the most classes in the matrix. */
const mostListed = 12;
const mostClasses = 12;

/** Matrix and list of confusions, at each radius. */
export function confusionPanels(run: ReportedRun, [clean, ...attacked]: readonly RegionSums[]): Markup {
  const list = attacked.map((sums) => ({
    eps: sums.eps,
    name: `ε = ${sums.eps}`,
    content: markup`<div class="charts">${matrix(run, sums)}<div>${confusionList(run, clean!, sums)}</div></div>`,
  }));
  return markup`${panels("confusion", "radius", list)}`;
}

function labelledPixels(records: readonly RunRecord[], label: number): number {
  return records.reduce((sum, { labels }) => sum + labels[label]!, 0);
}

function confusionList({ description: run }: ReportedRun, clean: RegionSums, sums: RegionSums): Markup {
  const rows = sums.sums.confusion.slice(0, mostListed).map(({ label, predicted, pixels }) => {
    const all = labelledPixels(sums.records, label);
    const before = clean.sums.confusion.find((one) => one.label === label && one.predicted === predicted);
    const share = (n: number) => ({ content: formatShare(n / all), sortBy: n / all });
    return [
      { content: classLabel(run, label), sortBy: className(run, label) },
      { content: classLabel(run, predicted), sortBy: className(run, predicted) },
      { content: formatCount(pixels), sortBy: pixels },
      share(pixels),
      share(before?.pixels ?? 0),
    ];
  });
  if (rows.length === 0) return markup`<p>All pixels are correct.</p>`;
  const numeric = ["pixels", "share", "clean"].map((head) => ({ head, numeric: true }));
  return sortableTable(
    "Most frequent confusions, and their share of the class's pixels",
    [{ head: "class" }, { head: "predicted as" }, ...numeric],
    rows,
  );
}

/** The matrix of confusions between the classes with the most pixels: for each label, the shares of predicted classes. */
function matrix({ description: run }: ReportedRun, { sums, records }: RegionSums): Markup {
  const pixels = (s: number) =>
    labelledPixels(records, s) +
    sums.confusion.filter(({ predicted }) => predicted === s).reduce((sum, one) => sum + one.pixels, 0);
  const classes = Array.from({ length: run.model.classes }, (_, s) => ({ s, pixels: pixels(s) }))
    .filter((entry) => entry.pixels > 0)
    .sort((a, b) => b.pixels - a.pixels)
    .slice(0, mostClasses)
    .map(({ s }) => s)
    .sort((a, b) => a - b);
  const right = (s: number) => records.reduce((sum, { intersection }) => sum + intersection[s]!, 0);
  const wrong = (label: number, predicted: number) =>
    sums.confusion.find((one) => one.label === label && one.predicted === predicted)?.pixels ?? 0;
  const cells = classes.flatMap((label) =>
    classes.map((predicted) => {
      const all = labelledPixels(records, label);
      const n = label === predicted ? right(label) : wrong(label, predicted);
      return { label: String(label), predicted: String(predicted), share: all > 0 ? n / all : 0 };
    }),
  );
  const name = (s: string) => shortName(className(run, Number(s)));
  const drawing = chart({
    title:
      "share of each label's pixels by predicted class; the table beside it lists the most frequent confusions",
    height: 104 + 22 * classes.length,
    marginBottom: 8,
    marginLeft: 96,
    marginTop: 96,
    x: {
      domain: classes.map(String),
      label: null,
      axis: "top",
      tickRotate: -60,
      tickFormat: name,
      tickSize: 0,
    },
    y: { domain: classes.map(String), label: null, tickFormat: name, tickSize: 0 },
    marks: [
      Plot.cell(cells, { x: "predicted", y: "label", fill: "var(--heat)", fillOpacity: "share", inset: 0.5 }),
      Plot.cell(cells, {
        x: "predicted",
        y: "label",
        stroke: "currentColor",
        strokeOpacity: 0.15,
        inset: 0.5,
      }),
    ],
    opacity: { domain: [0, 1], range: [0, 1] },
  });
  return markup`<figure><figcaption>Rows: labels. Columns: predictions. A darker cell is a larger share of its row's pixels.${
    classes.length === mostClasses && ` The ${mostClasses} classes with the most pixels are shown.`
  }</figcaption>${drawing}</figure>`;
}

function shortName(name: string): string {
  return name.length > 13 ? `${name.slice(0, 12)}…` : name;
}
