/** The two streams: stdout for what was asked for, stderr for everything said on the way. */
import { styleText } from "node:util";

type Style = "bold" | "dim" | "green" | "red" | "yellow";

/** NO_COLOR, CI terminals and TERM=dumb are known to `hasColors`. */
const colours = process.stderr.isTTY === true && process.stderr.hasColors();

/** The text in a style, where stderr shows styles. */
export function paint(style: Style, text: string): string {
  return colours ? styleText(style, text, { validateStream: false }) : text;
}

/** Whether lines on stderr can be redrawn: a person is watching, not a log. */
export const live = process.stderr.isTTY === true && !process.env.CI && process.env.TERM !== "dumb";

/** Says lines on stderr. */
export function say(...lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`);
}

/** Prints what was asked for on stdout. */
export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** A reader that goes away early, as `head` does, is no mistake. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
