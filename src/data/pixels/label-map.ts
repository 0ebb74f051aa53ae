/** The value of `--label-map`: what the values stored in label files mean, where a data set stores others. */
import { SeawallError } from "../../base/index.js";
import { ignored } from "./labels.js";

/** From stored values to classes. */
export interface LabelMap {
  /** As the user wrote it, for the record of a run. */
  readonly text: string;
  /** The class of a stored value (an integer of 16 bits); −1: counts nowhere; undefined: as without a map. */
  readonly classOf: (value: number) => number | undefined;
  /** Names of the classes, where a file gives them. */
  readonly names?: readonly string[];
}

const largestLabel = 2 ** 16 - 1;

/**
 * Reads a list such as `255:1,7:ignore`, or `reduce-zero` (0 counts nowhere, n becomes n − 1, 255 counts nowhere), or
 * both. Values that the list does not name stay as they are.
 * @throws SeawallError `usage` naming the entry and the forms there are
 */
export function parseLabelMap(text: string): LabelMap {
  const entries = text.split(",").map((entry) => entry.trim());
  const reduced = entries.includes("reduce-zero");
  const pairs = entries.filter((entry) => entry !== "reduce-zero").map((entry) => parsePair(entry, text));
  const named = new Map(pairs);
  if (named.size < pairs.length) throw refusedMap(text, "one value is named twice");
  const others = reduced ? reduceZero : () => undefined;
  return { text, classOf: (value) => named.get(value) ?? others(value) };
}

/** ADE20K as most training code reads it: 0 ("other") counts nowhere, the first class is stored as 1. */
function reduceZero(value: number): number {
  return value === 0 || value === 255 ? ignored : value - 1;
}

function parsePair(entry: string, text: string): [number, number] {
  const match = /^(\d+)\s*:\s*(\d+|ignore)$/.exec(entry);
  const value = Number(match?.[1]);
  if (!match || value > largestLabel) throw refusedMap(text, `"${entry}" is not such an entry`);
  return [value, match[2] === "ignore" ? ignored : Number(match[2])];
}

function refusedMap(text: string, reason: string): SeawallError {
  return new SeawallError(
    "usage",
    `--label-map ${text}: ${reason}; expected STORED:CLASS or STORED:ignore, comma-separated (255:1,7:ignore), reduce-zero, or a file with one line a class`,
  );
}

/**
 * Reads a file with one line a class, in order: the stored values that mean it, comma-separated, then its name if
 * wanted (`7,8 road`). Empty lines and lines that begin with # are skipped. Values in no line count nowhere.
 * @param file names the file in messages
 * @throws SeawallError `data` naming the line
 */
export function parseLabelMapFile(content: string, file: string): LabelMap {
  const classes = new Map<number, number>();
  const names: string[] = [];
  for (const [i, line] of content.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const match = /^(\d+(?:\s*,\s*\d+)*)(?:\s+(.+))?$/.exec(trimmed);
    const values = (match?.[1] ?? "").split(",").map(Number);
    const wrong = values.find((value) => value > largestLabel || classes.has(value));
    if (!match || wrong !== undefined) {
      const reason = match ? `value ${wrong} is above ${largestLabel} or named twice` : "no such line";
      throw new SeawallError(
        "data",
        `${file}: line ${i + 1}, "${trimmed.slice(0, 60)}": ${reason}; expected stored values and a name, as in "7,8 road"`,
      );
    }
    for (const value of values) classes.set(value, names.length);
    names.push(match[2] ?? String(names.length));
  }
  if (names.length === 0)
    throw new SeawallError("data", `${file}: names no class; expected one line a class`);
  return { text: file, classOf: (value) => classes.get(value) ?? ignored, names };
}
