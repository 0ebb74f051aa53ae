/** Charts as SVG, drawn when the report is written: the page needs no program to show them. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { type Markup, Markup as Piece } from "../markup.js";

export { Plot };

/** As wide as a phone shows without shrinking its text. */
export const chartWidth = 400;

/** Colours of lines, defined for light and dark in the page's style; a longer list repeats with dashes. */
const colours = 6;

/** The colour of the i-th line. */
export function lineColour(i: number): string {
  return `var(--line-${i % colours})`;
}

/** The dashes of the i-th line: none while colours last. */
export function lineDash(i: number): string | undefined {
  return [undefined, "6 3", "2 3", "8 3 2 3"][Math.floor(i / colours) % 4];
}

export interface ChartOptions extends Plot.PlotOptions {
  /** What the chart shows, in a sentence, for those who do not see it. */
  readonly title: string;
}

/**
 * Draws a chart. Its text is that of the page; `data-x` holds domain and range of the x axis where it is linear.
 * @returns an `svg` element
 */
export function chart({ title, ...options }: ChartOptions): Markup {
  const { document } = parseHTML("<html></html>");
  const svg = Plot.plot({
    width: chartWidth,
    marginRight: 16,
    marginBottom: 44,
    ...options,
    document: document as never,
    className: "chart",
    style: { fontSize: "12px" },
    ...(options.x && { x: { labelOffset: 40, ...options.x } }),
  }) as unknown as Drawn;
  svg.querySelector("style")?.remove();
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", title);
  const x = svg.scale("x");
  if (x?.type === "linear") svg.setAttribute("data-x", [...x.domain, ...x.range].map(short).join(" "));
  // A hundredth of a pixel is enough, and half of the bytes.
  return new Piece(svg.outerHTML.replace(/\d+\.\d{3,}/g, short));
}

/** The part of an element that is used here; the DOM's types are not those of Node. */
interface Drawn {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
  querySelector(selector: string): { remove(): void } | null;
  scale(name: "x"): { type?: string; domain: number[]; range: number[] } | undefined;
}

function short(number: number | string): string {
  return String(Math.round(100 * Number(number)) / 100);
}
