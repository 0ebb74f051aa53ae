/** Columns and paragraphs of plain text, by the columns that it takes on a terminal. Numbers are formatted by `base`. */
import stringWidth from "string-width";
import { printable } from "../base/index.js";

export { formatCount, formatDuration, formatFigure, formatShare, plural } from "../base/index.js";

/**
 * Rows as lines with aligned columns, also where names are Chinese, Hindi or emoji. A column with only numbers below its
 * heading is aligned to the right.
 */
export function alignRows(texts: readonly (readonly string[])[], gap = "   "): string[] {
  const rows = texts.map((row) => row.map(printable));
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const pads = Array.from({ length: columns }, (_, i) => padOf(rows.map((row) => row[i] ?? "")));
  return rows.map((row) =>
    row
      .map((cell, i) => pads[i]!(cell))
      .join(gap)
      .trimEnd(),
  );
}

function padOf(column: readonly string[]): (cell: string) => string {
  const width = Math.max(...column.map((cell) => stringWidth(cell)));
  const below = column.slice(1).filter(Boolean);
  const numeric = below.length > 0 && below.every((cell) => /^[-+]?[\d.,]+( %)?$/.test(cell));
  return (cell) => {
    const padding = " ".repeat(width - stringWidth(cell));
    return numeric ? padding + cell : cell + padding;
  };
}

/** Breaks a text between words into lines of at most `width` columns. A longer word gets its own line. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && stringWidth(last) + 1 + stringWidth(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
