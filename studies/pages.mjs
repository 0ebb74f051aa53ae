/** What the pages of all studies need: figures as text, tables between marks, plots as pictures. */
import { readFileSync, writeFileSync } from "node:fs";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import sharp from "sharp";

export const percent = (value, digits = 2) => (100 * value).toFixed(digits);

const halfOf = ({ interval: [low, high] }) => (high - low) / 2;

/** A mean in per cent, with half of its interval if it has one. */
export const withInterval = (estimate, digits) =>
  estimate.interval
    ? `${percent(estimate.mean, digits)} ± ${percent(halfOf(estimate), digits)}`
    : percent(estimate.mean, digits);

/** The same of a difference, with its sign. */
export const change = (estimate, digits) =>
  `${estimate.mean > 0 ? "+" : ""}${withInterval(estimate, digits)}`;

/**
 * A table in Markdown.
 * @param {string[]} head
 * @param {(string | number)[][]} rows
 */
export function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** Puts a table between its marks in a page. */
export function printTable(page, name, table) {
  const marks = new RegExp(`(<!-- printed: ${name} -->\\n)[^]*?(<!-- /printed -->)`);
  const text = readFileSync(page, "utf8");
  writeFileSync(
    page,
    text.replace(marks, (_, open, close) => `${open}${table}\n${close}`),
  );
}

/** A plot as a PNG. */
export function plotPicture(options) {
  const { document } = parseHTML("<html></html>");
  const svg = Plot.plot({ document, style: { fontSize: "12px", fontFamily: "sans-serif" }, ...options });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return sharp(Buffer.from(svg.outerHTML)).flatten({ background: "white" }).png().toBuffer();
}

/** Pictures of one size side by side and below each other, as one PNG. */
export function sheetOf(rows, { width, height }) {
  const panels = rows.flatMap((row, i) =>
    row.map((input, j) => ({ input, left: j * width, top: i * height })),
  );
  const columns = Math.max(...rows.map((row) => row.length));
  const size = { width: columns * width, height: rows.length * height };
  const paper = sharp({ create: { ...size, channels: 3, background: "white" } });
  return paper.composite(panels).png({ palette: true }).toBuffer();
}

/** Items with equal keys together, in the order in which keys appear. */
export function groups(items, keyOf) {
  return [...new Set(items.map(keyOf))].map((key) => items.filter((item) => keyOf(item) === key));
}
