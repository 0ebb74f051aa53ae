/** Columns and paragraphs of plain text. Numbers are formatted by `base`. */
export { formatCount, formatDuration, formatFigure, formatShare, plural } from "../base/index.js";

/** Rows as lines with aligned columns. A column with only numbers below its heading is aligned to the right. */
export function alignRows(rows: readonly (readonly string[])[], gap = "   "): string[] {
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
  const width = Math.max(...column.map((cell) => cell.length));
  const below = column.slice(1).filter(Boolean);
  const numeric = below.length > 0 && below.every((cell) => /^[-+]?[\d.,]+( %)?$/.test(cell));
  return (cell) => (numeric ? cell.padStart(width) : cell.padEnd(width));
}

/** Breaks a text between words into lines of at most `width` characters. A longer word gets its own line. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
