/** Robustness curves: every point of a line lies where its radius and its figure say. */
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { type Result, summarize } from "../../src/journal/index.js";
import { chart, lineColour, Plot } from "../../src/report/html/chart.js";
import { curves } from "../../src/report/html/curves.js";
import type { ReportedRun } from "../../src/report/index.js";
import { describeWith, membersOf, recordsOf } from "../journal/runs.js";

function resultOf(eps: string[], ...names: readonly string[]): Result {
  const run = describeWith({ protocol: { eps, members: membersOf(...names), attacks: names.join(",") } });
  const records = recordsOf(run).map((record) => ({ ...record, maxDelta: 0 }));
  return summarize(run, records);
}

/** The page's figures: first pixel accuracy, then mIoU. */
function drawn(result: Result) {
  const { document } = parseHTML(`<html><body>${curves({ result } as ReportedRun).text}</body></html>`);
  const dots = (svg: (typeof document)["body"]) =>
    [...svg.querySelectorAll('g[data-mark="dot"]')].map((group) =>
      [...group.querySelectorAll("circle")].map((dot) =>
        ["cx", "cy"].map((a) => Number(dot.getAttribute(a))),
      ),
    );
  const charts = [...document.querySelectorAll("figure > svg")].map((svg) => ({
    dots: dots(svg),
    ticks: [...svg.querySelectorAll('g[data-mark="x-axis tick label"] text')].map((t) => t.textContent),
    areas: svg.querySelectorAll('g[data-mark="area"] path'),
  }));
  return { document, charts };
}

/** The plot's corners in pixels: x of radius 0 and of the largest, y of the figures 0 and 1. */
const corners = { left: 40, right: 384, bottom: 216, top: 20 };
const across = (share: number) => corners.left + share * (corners.right - corners.left);
const up = (figure: number) => corners.bottom - figure * (corners.bottom - corners.top);

describe("curves", () => {
  // The radii are not in order, and one of them is a decimal.
  const result = resultOf(["8/255", "2/255", "0.02"], "apgd:js", "noise");
  const { charts, document } = drawn(result);
  const byRadius = [result.robust[1]!, result.robust[2]!, result.robust[0]!];
  const places = [0, 2 / 8, (0.02 * 255) / 8, 1].map(across);

  it.each([
    [0, "aAcc"],
    [1, "mIoU"],
  ] as const)("of chart %d have a point for each radius of %s, in order", (i, figure) => {
    const lines = [
      ...["apgd:js", "noise"].map((name) =>
        byRadius.map(({ attacks }) => attacks.find((attack) => attack.name === name)![figure]),
      ),
      byRadius.map(({ worst }) => worst[figure]),
    ];
    expect(charts[i]!.dots).toHaveLength(lines.length);
    for (const [n, line] of lines.entries()) {
      const expected = [result.clean[figure], ...line].map(up);
      expect(charts[i]!.dots[n]).toHaveLength(expected.length);
      for (const [p, [x, y]] of charts[i]!.dots[n]!.entries()) {
        // Places are written with two decimals.
        expect(Math.abs(x! - places[p]!)).toBeLessThan(0.006);
        expect(Math.abs(y! - expected[p]!)).toBeLessThan(0.006);
      }
    }
  });

  it("shade down to the lower bound, which only mIoU has", () => {
    expect(charts.map(({ areas }) => areas.length)).toEqual([0, 1]);
    const path = charts[1]!.areas[0]!.getAttribute("d")!;
    const ends = [...path.matchAll(/[ML]([\d.]+),([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    const right = ends.filter(([x]) => x === corners.right).map(([, y]) => y!);
    const { mIoU, mIoULower } = result.robust[0]!.worst;
    expect(Math.abs(Math.min(...right) - up(mIoU))).toBeLessThan(0.006);
    expect(Math.abs(Math.max(...right) - up(mIoULower))).toBeLessThan(0.006);
  });

  it("name each attack in the legend, in the colour of its line", () => {
    const entries = [...document.querySelectorAll(".legend li")];
    expect(entries.map(({ textContent }) => textContent)).toEqual([
      ...["apgd:js", "noise", "worst case over these attacks"],
    ]);
    const strokes = entries.slice(0, 2).map((entry) => entry.querySelector("path")!.getAttribute("stroke"));
    expect(strokes).toEqual([lineColour(0), lineColour(1)]);
  });

  it("label radii as the run writes them, and leave out labels that would touch", () => {
    expect(drawn(resultOf(["4/255", "8/255"], "noise")).charts[0]!.ticks).toEqual(["0", "4/255", "8/255"]);
    const crowded = drawn(resultOf(["7.9/255", "8/255"], "noise")).charts[0]!.ticks.filter(Boolean);
    expect(crowded).toEqual(["0", "8/255"]);
  });
});

it("texts keep all their digits, and coordinates two", () => {
  const marks = [
    Plot.line(
      [
        { x: 0.0157, y: 1 / 3 },
        { x: 0.0314, y: 2 / 3 },
      ],
      { x: "x", y: "y", title: () => "v1.2345" },
    ),
  ];
  const x = { ticks: [0.0157, 0.0314], tickFormat: String };
  const drawn = chart({ title: "0.5003 at 0.0157", marks, x }).text;
  expect(drawn).toContain('aria-label="0.5003 at 0.0157"');
  for (const label of [">0.0157<", ">0.0314<", ">v1.2345<"]) expect(drawn).toContain(label);
  expect(drawn.match(/ d="([^"]*)"/g)!.filter((path) => /\d\.\d{3}/.test(path))).toEqual([]);
});
