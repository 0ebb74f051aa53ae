/** Reading a file line by line, in bounded memory, whatever is in it. */
import { closeSync, openSync, readSync } from "node:fs";
import { SeawallError } from "../../base/index.js";
import { attempt } from "../../base/index.node.js";

/** A record with 65536 classes stays well below this many bytes. */
const longestLine = 4 * 2 ** 20;
const newline = 0x0a;

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  /** Position in the file after the line and its newline. */
  readonly end: number;
  /** False for a last line without a newline. */
  readonly whole: boolean;
}

/**
 * The lines of a file, one after the other.
 * @param from the position of the first line to read, and its number; default: the beginning
 * @throws SeawallError `journal` if it cannot be read, or at a line that is longer than any of a journal
 */
export function* readLines(
  file: string,
  from: Pick<Line, "end" | "number"> = { end: 0, number: 1 },
): Generator<Line> {
  const handle = attempt(file, "read", () => openSync(file, "r"));
  const chunk = Buffer.alloc(2 ** 20);
  try {
    let rest = Buffer.alloc(0);
    let { number, end } = from;
    let position = end;
    for (;;) {
      const length = attempt(file, "read", () => readSync(handle, chunk, { position }));
      if (length === 0) break;
      position += length;
      rest = Buffer.concat([rest, chunk.subarray(0, length)]);
      let start = 0;
      for (let stop = rest.indexOf(newline); stop >= 0; stop = rest.indexOf(newline, start)) {
        end += stop + 1 - start;
        yield { number: number++, text: rest.toString("utf8", start, stop), end, whole: true };
        start = stop + 1;
      }
      rest = rest.subarray(start);
      refuseLong(rest.length, `${file}, line ${number}`);
    }
    if (rest.length > 0) yield { number, text: rest.toString("utf8"), end: end + rest.length, whole: false };
  } finally {
    closeSync(handle);
  }
}

function refuseLong(length: number, where: string): void {
  if (length <= longestLine) return;
  throw new SeawallError(
    "journal",
    `${where}: longer than ${longestLine} bytes; this is no journal of Seawall`,
  );
}
