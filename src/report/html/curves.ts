/** Robustness curves: accuracy and mIoU by radius. */
import { parseRadius } from "../../base/index.js";
import { bySeed, type Result } from "../../journal/index.js";
import { type Markup, markup } from "../markup.js";
import type { ReportedRun } from "../reported.js";
import { chart, chartWidth, lineColour, lineDash, lineSample, Plot } from "./chart.js";

export function curves({ result }: ReportedRun): Markup {
  const drawn = drawnAttacks(result);
  const starts = drawn[0]!.repeats.length;
  return markup`<div class="charts">
<figure><figcaption>Pixel accuracy (aAcc)</figcaption>${curve(result, "aAcc")}</figure>
<figure><figcaption>mIoU; shaded: down to the lower bound over these attacks</figcaption>${curve(result, "mIoU")}</figure>
</div>
<ul class="legend">${drawn.map(
    ({ name }, i) => markup`<li>${lineSample(i)}${name}</li>`,
  )}<li><svg width="28" height="10" aria-hidden="true"><path d="M0 5H28" class="worst"/></svg>worst case over these attacks</li></ul>
${starts > 1 && markup`<p class="note">Each attack ran from ${starts} starts; its curve is the lowest of them at each radius.</p>`}
`;
}

/** The attacks that have a curve each: repeats with other starts have one together. */
function drawnAttacks({ protocol, robust }: Result): { readonly name: string; readonly repeats: string[] }[] {
  const names = robust[0]!.attacks.map(({ name }) => name);
  const [first, ...others] = bySeed(protocol, names).map(({ attacks }) => attacks);
  return first!.map((name, i) => ({ name, repeats: [name, ...others.map((attacks) => attacks[i]!)] }));
}

/** A point of a curve; `low` is the lower end of the shaded area. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
}

function curve(result: Result, figure: "aAcc" | "mIoU"): Markup {
  const radii = [...result.robust].sort((a, b) => parseRadius(a.eps).value - parseRadius(b.eps).value);
  const clean = result.clean[figure];
  const start: Place = { x: 0, y: clean, low: clean };
  const worst = [
    start,
    ...radii.map(({ eps, worst }) => ({
      x: parseRadius(eps).value,
      y: worst[figure],
      low: worst.mIoULower,
    })),
  ];
  const attacks = drawnAttacks(result).map(({ repeats }) => [
    start,
    ...radii.map(({ eps, attacks }) => ({
      x: parseRadius(eps).value,
      y: Math.min(...attacks.filter(({ name }) => repeats.includes(name)).map((own) => own[figure])),
    })),
  ]);
  const marks = [
    ...(figure === "mIoU"
      ? [Plot.areaY(worst, { x: "x", y1: "low", y2: "y", fill: "currentColor", fillOpacity: 0.15 })]
      : []),
    ...attacks.flatMap((places, i) => linesOf(places, lineColour(i), 1.5, lineDash(i))),
    ...linesOf(worst, "currentColor", 3),
  ];
  return chart({
    title: `worst-case ${figure} by radius: ${worst.map(({ x, y }) => `${y.toFixed(3)} at ${x.toFixed(4)}`).join(", ")}`,
    height: 260,
    y: { domain: [0, 1], grid: true, label: null, ticks: 5 },
    x: { domain: [0, worst.at(-1)!.x || 1], label: "ε →", ...radiusTicks(radii.map(({ eps }) => eps)) },
    marks: [Plot.ruleY([0]), ...marks],
  });
}

function linesOf(places: readonly Place[], stroke: string, strokeWidth: number, dash?: string) {
  const dots = Plot.dot(places, { x: "x", y: "y", fill: stroke, r: strokeWidth + 0.5 });
  return [
    Plot.line(places, { x: "x", y: "y", stroke, strokeWidth, ...(dash && { strokeDasharray: dash }) }),
    dots,
  ];
}

/** A tick at each radius. Its label is the radius in the run's notation, if there is space for it. */
function radiusTicks(eps: readonly string[]) {
  const largest = Math.max(...eps.map((text) => parseRadius(text).value)) || 1;
  const place = (text: string) => ((chartWidth - 60) * parseRadius(text).value) / largest;
  const shown = new Map<number, string>([[0, "0"]]);
  let right = Number.POSITIVE_INFINITY;
  for (const text of [...eps].sort((a, b) => place(b) - place(a))) {
    const width = 8 + 7 * text.length;
    if (place(text) > right - width || place(text) < width / 2) continue;
    shown.set(parseRadius(text).value, text);
    right = place(text);
  }
  return {
    ticks: [0, ...eps.map((text) => parseRadius(text).value)],
    tickFormat: (value: number) => shown.get(value) ?? "",
  };
}
