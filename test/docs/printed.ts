/** Blocks of docs/ that are printed from the code; `UPDATE_DOCS=1 npx vitest run test/docs` rewrites them. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";

/** The text of a page of docs/. */
export function readPage(page: string): string {
  return readFileSync(fileOf(page), "utf8");
}

/**
 * Holds the block between `<!-- printed: NAME -->` and `<!-- /printed -->` of a page to what the code says.
 * @param text without a newline at either end
 */
export function expectPrinted(page: string, name: string, text: string): void {
  const [before, start, inside, end, after] = blockOf(readPage(page), name, page);
  const printed = `\n${text}\n`;
  if (process.env.UPDATE_DOCS) {
    if (inside !== printed) writeFileSync(fileOf(page), before + start + printed + end + after);
    return;
  }
  expect(inside, `docs/${page} is out of date: run UPDATE_DOCS=1 npx vitest run test/docs`).toBe(printed);
}

function fileOf(page: string): URL {
  return new URL(`../../docs/${page}`, import.meta.url);
}

/** The page cut at the block's marks. */
function blockOf(text: string, name: string, page: string): [string, string, string, string, string] {
  const [start, end] = [`<!-- printed: ${name} -->`, "<!-- /printed -->"];
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(end, from);
  if (from < start.length || to < 0) throw new Error(`docs/${page} has no block "${name}"`);
  return [text.slice(0, from - start.length), start, text.slice(from, to), end, text.slice(to + end.length)];
}

/** A table of Markdown; a bar within a cell is written so that it ends no cell. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

/** Text as code; a dash for nothing. */
export function code(text: string | undefined): string {
  return text === undefined ? "–" : `\`${text}\``;
}
