/** The two streams: results on stdout, everything else on stderr. */
import { styleText } from "node:util";
import { printable } from "../../base/index.js";

type Style = "bold" | "dim" | "green" | "red" | "yellow";

/** `hasColors` respects NO_COLOR, CI terminals and TERM=dumb. */
const colours = process.stderr.isTTY === true && process.stderr.hasColors();

/** The text with a colour, if stderr shows colours. */
export function paint(style: Style, text: string): string {
  return colours ? styleText(style, text, { validateStream: false }) : text;
}

/** Whether lines on stderr can be redrawn: a person is watching, not a log. */
export const live = process.stderr.isTTY === true && !process.env.CI && process.env.TERM !== "dumb";

/** What is printed as it is: the colours of `paint`, and the ends of lines that are followed by an indented line. */
const kept = new RegExp(`(${colours ? "\u001b\\[\\d\\d?m|" : ""}\\n(?= {2}))`);

/**
 * Prints lines on stderr. Names in files may hold anything: nothing of it steers the terminal or looks like a line of
 * Seawall's own.
 */
export function say(...lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${printableExcept(kept, line)}\n`);
}

/** Prints a result on stdout. */
export function print(text: string): void {
  const safe = printableExcept(/(\n)/, text);
  process.stdout.write(safe.endsWith("\n") ? safe : `${safe}\n`);
}

function printableExcept(marks: RegExp, text: string): string {
  return text
    .split(marks)
    .map((part, i) => (i % 2 === 0 ? printable(part) : part))
    .join("");
}

/** Ignores errors of a reader that closes the pipe early, as `head` does. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
