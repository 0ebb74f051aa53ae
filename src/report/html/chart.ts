/** Charts as SVG, drawn when the report is written, so that the page shows them without a program. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { type Markup, markup, Markup as Piece } from "../markup.js";

export { Plot };

/** In pixels: the width that a phone shows without shrinking the text. */
export const chartWidth = 400;

/** The number of line colours in the page's style. Further lines repeat the colours with dashes. */
const colours = 6;

/** The colour of the i-th line. */
export function lineColour(i: number): string {
  return `var(--line-${i % colours})`;
}

/** The dashes of the i-th line; none for the first lines, whose colours differ. */
export function lineDash(i: number): string | undefined {
  return [undefined, "6 3", "2 3", "8 3 2 3"][Math.floor(i / colours) % 4];
}

/** A piece of the i-th line, for a legend. */
export function lineSample(i: number): Markup {
  return markup`<svg width="28" height="10" aria-hidden="true"><path d="M0 5H28" stroke="${lineColour(i)}" stroke-width="2" stroke-dasharray="${lineDash(i) ?? "none"}"/></svg>`;
}

export interface ChartOptions extends Plot.PlotOptions {
  /** The chart's content in a sentence, for screen readers. */
  readonly title: string;
}

/**
 * Draws a chart. `data-x` holds domain and range of the x axis if it is linear.
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
    ...(options.x && { x: { labelOffset: 40, ...options.x } }),
  }) as unknown as Drawn;
  svg.querySelector("style")?.remove();
  // An attribute, not a style: the viewer's pages allow no style but that of their file.
  svg.setAttribute("font-size", "12");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", title);
  // A drawing has one label, its own: those of its parts say "line" and "rect".
  for (const part of svg.querySelectorAll("g[aria-label]")) {
    part.setAttribute("data-mark", part.getAttribute("aria-label")!);
    part.removeAttribute("aria-label");
  }
  const x = svg.scale("x");
  if (x?.type === "linear") svg.setAttribute("data-x", [...x.domain, ...x.range.map(short)].join(" "));
  // Two decimals of a pixel suffice, and halve the size.
  return new Piece(svg.outerHTML.replace(coordinates, (text) => text.replace(/\d+\.\d{3,}/g, short)));
}

/** Attributes that hold pixels. Labels, which other attributes and the text hold, stay as they are. */
const coordinates = / (?:d|points|transform|c?[xy]|[xy][12]|dx|dy|width|height)="[^"]*"/g;

/** The part of an SVG element that is used here. Node has no DOM types. */
interface Part {
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
}

interface Drawn extends Part {
  readonly outerHTML: string;
  querySelector(selector: string): { remove(): void } | null;
  querySelectorAll(selector: string): Iterable<Part>;
  scale(name: "x"): { type?: string; domain: number[]; range: number[] } | undefined;
}

function short(number: number | string): string {
  return String(Math.round(100 * Number(number)) / 100);
}
