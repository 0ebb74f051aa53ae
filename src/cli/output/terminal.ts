/** The two streams: results on stdout, everything else on stderr. */
import { styleText } from "node:util";

type Style = "bold" | "dim" | "green" | "red" | "yellow";

/** `hasColors` respects NO_COLOR, CI terminals and TERM=dumb. */
const colours = process.stderr.isTTY === true && process.stderr.hasColors();

/** The text with a colour, if stderr shows colours. */
export function paint(style: Style, text: string): string {
  return colours ? styleText(style, text, { validateStream: false }) : text;
}

/** Whether lines on stderr can be redrawn: a person is watching, not a log. */
export const live = process.stderr.isTTY === true && !process.env.CI && process.env.TERM !== "dumb";

/** Prints lines on stderr. */
export function say(...lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`);
}

/** Prints a result on stdout. */
export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** Ignores errors of a reader that closes the pipe early, as `head` does. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
