/** The section on parts of images: objects by size, boundaries and interiors. */
import { cleanEps, type RunRecord } from "../../journal/index.js";
import { type DetailSums, meanIoU, type RegionCounts, sumDetails } from "../../metric/index.js";
import { worstAt } from "../images.js";
import { type Markup, markup } from "../markup.js";
import type { ReportedRun } from "../reported.js";
import { chart, lineColour, Plot } from "./chart.js";
import { figureCell, sortableTable } from "./parts.js";

/** The details of all images: clean (`eps` 0), or at a radius under each image's worst attack. */
export interface RegionSums {
  readonly eps: string;
  readonly sums: DetailSums;
  readonly records: readonly RunRecord[];
}

/** The sums for this section and the section on confusions; undefined if records have no details. */
export function regionSums({ description: run, images }: ReportedRun): RegionSums[] | undefined {
  const at = (eps: string) =>
    images.map((image) => (eps === cleanEps ? image.records[0]! : worstAt(run, image, eps)));
  const sets = [cleanEps, ...run.protocol.eps].map((eps) => ({ eps, records: at(eps) }));
  if (sets.some(({ records }) => records.some(({ details }) => !details))) return undefined;
  return sets.map(({ eps, records }) => {
    const list = records.map((record) => ({ counts: record, details: record.details! }));
    return { eps, records, sums: sumDetails(list, run.model.classes) };
  });
}

/** The parts of an image, by name. */
const parts: Readonly<Record<string, (sums: DetailSums) => RegionCounts>> = {
  "small objects": ({ sizes }) => sizes[0]!,
  "medium objects": ({ sizes }) => sizes[1]!,
  "large objects": ({ sizes }) => sizes[2]!,
  boundaries: ({ boundary }) => boundary,
  interiors: ({ interior }) => interior,
};

/** mIoU of objects by size, and of boundaries and interiors. */
export function regionTable(sums: readonly RegionSums[]): Markup {
  const figures = Object.entries(parts).map(([name, part]) => ({
    name,
    values: sums.map((entry) => meanIoU(part(entry.sums))),
  }));
  const heads = sums.map(({ eps }) => ({ head: heading(eps), numeric: true }));
  const rows = figures.map(({ name, values }) => [{ content: name }, ...values.map(figureCell)]);
  // The chart fits beside at most three columns of figures.
  return markup`<div${sums.length <= 3 && markup` class="charts"`}><figure>${regionChart(sums, figures)}</figure>
<div>${sortableTable("mIoU by object size and near boundaries", [{ head: "region" }, ...heads], rows)}
<p class="note">Each image is counted under the attack that leaves the fewest correct pixels. Small objects have at most 32²
pixels in the label map, large objects more than 96². Boundaries are the pixels within 0.5 % of the image diagonal of a change
of label; interiors are all others. The false positives of a class are distributed over its objects in the image, in
proportion to their size.</p></div></div>
`;
}

function heading(eps: string): string {
  return eps === cleanEps ? "clean" : `ε = ${eps}`;
}

interface Figures {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

function regionChart(sums: readonly RegionSums[], figures: readonly Figures[]): Markup {
  const names = figures.map(({ name }) => name);
  const places = figures.flatMap(({ name, values }) =>
    values.flatMap((value, i) => (value === null ? [] : [{ name, value, i }])),
  );
  const colour = (i: number) => (i === 0 ? "currentColor" : lineColour(i - 1));
  const marks = sums.map((_, i) =>
    Plot.dot(
      places.filter((place) => place.i === i),
      {
        x: "value",
        y: "name",
        r: 5,
        ...(i === 0 ? { stroke: colour(i), strokeWidth: 2 } : { fill: colour(i) }),
      },
    ),
  );
  const drawing = chart({
    title: `mIoU of ${names.join(", ")}; the table beside it has the numbers`,
    height: 220,
    marginLeft: 110,
    x: { domain: [0, 1], grid: true, label: "mIoU →", ticks: 5 },
    y: { domain: names, label: null },
    marks: [
      Plot.ruleY(
        places,
        Plot.groupY({ x1: "min", x2: "max" }, { x: "value", y: "name", strokeOpacity: 0.4 }),
      ),
      ...marks,
    ],
  });
  const keys = sums.map(
    ({ eps }, i) =>
      markup`<li><svg width="14" height="14" aria-hidden="true"><circle cx="7" cy="7" r="5" ${
        i === 0 ? markup`fill="none" stroke="currentColor" stroke-width="2"` : markup`fill="${colour(i)}"`
      }/></svg>${heading(eps)}</li>`,
  );
  return markup`${drawing}<ul class="legend">${keys}</ul>`;
}
