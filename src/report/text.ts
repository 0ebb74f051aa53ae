/** Columns and paragraphs of plain text; numbers in them are written as `base` writes them. */
export { formatCount, formatDuration, formatFigure, formatShare, plural } from "../base/index.js";

/** Rows as lines of equal columns: words to the left, and to the right where all below the heading is numbers. */
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

/** A text as lines of at most `width` characters, broken between words; a longer word has a line of its own. */
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
