/** The section of traces: predictions during an attack under a slider, with curves of loss, correct pixels and step size. */
import { parseRadius } from "../../base/index.js";
import type { StoredTrace } from "../../journal/index.js";
import { type Markup, markup, Markup as Piece } from "../markup.js";
import type { ReportedRun } from "../reported.js";
import { plural } from "../text.js";
import { chart, lineColour, lineSample, Plot } from "./chart.js";
import { type Panel, panels, pictureUrl } from "./parts.js";

/** The most bytes of the page that traces can take. */
const budget = 8 * 2 ** 20;

export function traces({ traces: stored }: ReportedRun): Markup {
  const shown: Panel[] = [];
  let bytes = 0;
  for (const trace of stored) {
    const content = viewer(trace);
    bytes += content.text.length;
    if (bytes > budget && shown.length > 0) break;
    shown.push({ eps: trace.eps, name: `${trace.image} · ${trace.attack} · ε = ${trace.eps}`, content });
  }
  const left = stored.length - shown.length;
  return markup`${panels("trace", "attack", shown)}
<p class="note">Predictions were recorded without changing the attack. There is no loss for a pass that only counts pixels,
such as the last pass at each radius, and no step size for an image that was only projected onto a smaller ball.</p>${
    left > 0 &&
    markup`<p class="note">Not shown, to keep the page small: ${plural(left, "trace")} of the run folder.</p>`
  }`;
}

function viewer(trace: StoredTrace): Markup {
  const { passes, maps, keptMap, valid, kept } = trace;
  const last = passes.step.length - 1;
  if (last < 0) return markup`<p>The attack ran no pass.</p>`;
  const data = {
    ...passes,
    valid,
    stages: stagesOf(trace).map(({ name }) => name),
    stage: stageOfPass(trace),
  };
  const pictures = maps.map(
    ({ pass, picture }) =>
      markup`<img class="pixels" data-pass="${pass}" src="${pictureUrl(picture)}" alt="prediction at pass ${pass}"/>`,
  );
  return markup`<div class="trace"><div class="frames"><figure>${pictures}<figcaption data-frame>prediction</figcaption></figure>
<figure><img class="pixels" src="${pictureUrl(keptMap)}" alt="prediction for the attack's result"/><figcaption>the attack's result, found at step ${kept}</figcaption></figure></div>
<label class="slider">pass <input type="range" min="0" max="${last}" value="0" step="1"/></label>
<output>&#160;</output>
<div class="charts three">${traceCurves(trace)}</div>
<script type="application/json">${json(data)}</script></div>
`;
}

/** JSON that cannot end the script element it is in. */
function json(value: unknown): Markup {
  return new Piece(JSON.stringify(value).replaceAll("<", "\\u003c"));
}

/** What curves show of a trace. */
export type CurvedTrace = Pick<StoredTrace, "passes" | "eps" | "valid">;

interface Stage {
  readonly radius: number;
  /** The stage's first pass, and the first pass of the next stage (the last pass, for the last stage). */
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/** Stages: passes with the same radius, named as multiples of ε. */
function stagesOf({ passes: { radius }, eps }: CurvedTrace): Stage[] {
  const starts = radius.flatMap((value, i) => (value === radius[i - 1] ? [] : [i]));
  const own = parseRadius(eps).value;
  return starts.map((from, i) => {
    const factor = radius[from]! / own;
    const name = Math.abs(factor - 1) < 1e-6 ? "ε" : `${Number(factor.toPrecision(3))} ε`;
    return { radius: radius[from]!, from, to: starts[i + 1] ?? radius.length - 1, name };
  });
}

function stageOfPass(trace: StoredTrace): number[] {
  const stages = stagesOf(trace);
  return trace.passes.radius.map((_, pass) => stages.findLastIndex(({ from }) => from <= pass));
}

/** Charts of loss, right pixels and step size, pass by pass. There is at least one pass. */
export function traceCurves(trace: CurvedTrace): Markup[] {
  const { objective, tracked, correct, stepSize } = trace.passes;
  const same = objective.every((value, i) => value === tracked[i]);
  const losses: Curve[] = [
    { name: "objective", values: objective },
    ...(same ? [] : [{ name: "tracked", values: tracked }]),
  ];
  const right = correct.map((n) => (trace.valid > 0 ? n / trace.valid : 0));
  return [
    ...(objective.some((value) => value !== null) ? [plotted(trace, "loss", losses)] : []),
    plotted(trace, "correct pixels", [{ name: "correct pixels", values: right }], { domain: [0, 1] }),
    ...(stepSize.some((value) => value !== null)
      ? [
          plotted(
            trace,
            "step size, in 1/255",
            [{ name: "step size", values: stepSize.map((value) => value && 255 * value) }],
            { domain: [0, 255 * Math.max(...stepSize.map(Number))] },
          ),
        ]
      : []),
  ];
}

interface Curve {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

function plotted(
  trace: CurvedTrace,
  name: string,
  list: readonly Curve[],
  y: Plot.ScaleOptions = {},
): Markup {
  const stages = stagesOf(trace);
  const last = Math.max(1, trace.passes.step.length - 1);
  const named = stages.length > 1 || stages[0]?.name !== "ε";
  const marks = list.map(({ values }, i) =>
    Plot.lineY(
      values.map((value, pass) => ({ pass, value })),
      { x: "pass", y: "value", stroke: lineColour(i), strokeWidth: 1.5 },
    ),
  );
  const drawing = chart({
    title: `${name} at each pass`,
    height: 170,
    marginLeft: 52,
    x: { domain: [0, last], label: "pass →", ticks: Math.min(5, last) },
    y: { label: null, grid: true, ticks: 4, ...y },
    marks: [
      Plot.rectX(
        stages.filter((_, i) => i % 2 === 0),
        { x1: "from", x2: "to", fill: "currentColor", fillOpacity: 0.06 },
      ),
      ...(named
        ? [
            Plot.text(stages, {
              x: ({ from, to }: Stage) => (from + to) / 2,
              text: "name",
              frameAnchor: "top",
              dy: -14,
            }),
          ]
        : []),
      ...marks,
    ],
  });
  const keys =
    list.length > 1 &&
    markup` <span class="keys">${list.map((curve, i) => markup`${lineSample(i)} ${curve.name} `)}</span>`;
  return markup`<figure><figcaption>${name}${keys}</figcaption>${drawing}</figure>`;
}
