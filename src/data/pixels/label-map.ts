/** The value of `--label-map`: the class of each value that label files store. */
import { SeawallError } from "../../base/index.js";
import { cityscapesIds } from "./cityscapes-ids.js";
import { ignored, storedValues } from "./stored.js";

/** From stored values to classes. */
export interface LabelMap {
  /** Its content, for the record of a run: the entries, or the hash of the file. */
  readonly text: string;
  /** The class of a stored value; −1: counts nowhere; undefined: as without a map. */
  classOf(value: number): number | undefined;
  /** Whether the user named the value itself, so that the map goes before the data set's own ignore label. */
  names(value: number): boolean;
  /** Names or number of the classes, where the map says them. */
  readonly classes?: readonly string[] | number;
}

/** Maps that have a name. */
const namedMaps: Readonly<Record<string, (value: number) => number>> = {
  /** ADE20K as most training code reads it: 0 ("other") counts nowhere, the first class is stored as 1. */
  "reduce-zero": (value) => (value === 0 || value === 255 ? ignored : value - 1),
  /** Label ids of Cityscapes → the 19 classes of its evaluation. */
  "cityscapes-ids": (value) => (value === 255 ? ignored : cityscapesIds.classOf(value)),
};

const forms =
  "comma-separated entries STORED:CLASS, STORED:ignore or FROM-TO:CLASS (255:1,7:ignore,20-30:ignore; 1-11:0-10 counts up), " +
  `one of ${Object.keys(namedMaps).join(" and ")}, or a file with one line a class`;

/**
 * Reads entries such as `255:1,7:ignore,20-30:ignore`, after the name of a map if wanted: values that no entry names
 * are those of the named map, or stay as they are.
 * @throws SeawallError `usage` naming the entry and the forms there are
 */
export function parseLabelMap(text: string): LabelMap {
  const entries = text.split(",").map((entry) => entry.replace(/\s/g, ""));
  const known = entries.filter((entry) => Object.hasOwn(namedMaps, entry));
  if (known.length > 1) throw refusedMap(text, `${known.join(" and ")} contradict each other`);
  const named = new Map<number, number>();
  for (const entry of entries.filter((one) => one !== known[0])) {
    for (const [value, label] of parseEntry(entry, text)) {
      if (named.has(value)) throw refusedMap(text, `value ${value} is named twice`);
      named.set(value, label);
    }
  }
  const others = known[0] === undefined ? undefined : namedMaps[known[0]];
  return {
    text: entries.join(","),
    classOf: (value) => named.get(value) ?? others?.(value),
    names: (value) => named.has(value),
    ...(known[0] === "cityscapes-ids" && named.size === 0 && { classes: cityscapesIds.names }),
  };
}

/** The values of `5:2`, `5:ignore`, `5-9:2` and `5-9:2-6`, each with its class. */
function parseEntry(entry: string, text: string): [number, number][] {
  const match = /^(\d+)(?:-(\d+))?:(?:(ignore)|(\d+)(?:-(\d+))?)$/.exec(entry);
  if (!match) throw refusedMap(text, `"${entry}" is not such an entry`);
  const [from, label] = [Number(match[1]), match[3] ? ignored : Number(match[4])];
  const to = Number(match[2] ?? from);
  const counts = match[5] !== undefined;
  if (to < from || Math.max(to, label) >= storedValues) {
    throw refusedMap(text, `"${entry}" is no range of values below ${storedValues}`);
  }
  if (counts && Number(match[5]) - label !== to - from)
    throw refusedMap(text, `the ranges of "${entry}" have different lengths`);
  return Array.from({ length: to - from + 1 }, (_, i) => [from + i, counts ? label + i : label]);
}

function refusedMap(text: string, reason: string): SeawallError {
  return new SeawallError("usage", `--label-map ${text}: ${reason}; expected ${forms}`);
}

/**
 * Reads a label map file. Either each line is an entry as on the command line (`7:0`), or there is one line a class, in
 * order: the stored values that mean it, then its name if wanted (`7,8 road`), and values in no line count nowhere. Empty
 * lines and lines that begin with # are skipped.
 * @param file names the file in messages
 * @param hash of the content, for the record of a run
 * @throws SeawallError `data` naming the line
 */
export function parseLabelMapFile(content: string, file: string, hash: string): LabelMap {
  const lines = content
    .split(/\r?\n/)
    .map((line, i) => ({ text: line.trim(), at: `${file}: line ${i + 1}, "${line.trim().slice(0, 60)}"` }))
    .filter(({ text }) => text !== "" && !text.startsWith("#"));
  if (lines.length === 0)
    throw new SeawallError("data", `${file}: names no class; expected one line a class`);
  return { ...(lines[0]!.text.includes(":") ? entryLines(lines) : classLines(lines)), text: hash };
}

interface Line {
  readonly text: string;
  /** Its place, for messages. */
  readonly at: string;
}

function entryLines(lines: readonly Line[]): LabelMap {
  const named = new Map<number, number>();
  for (const { text, at } of lines) {
    const pairs = reading(at, () => parseEntry(text.replace(/\s/g, ""), text));
    for (const [value, label] of pairs) {
      if (named.has(value)) throw new SeawallError("data", `${at}: value ${value} is named twice`);
      named.set(value, label);
    }
  }
  return { text: "", classOf: (value) => named.get(value), names: (value) => named.has(value) };
}

function reading<T>(at: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw new SeawallError(
      "data",
      `${at}: expected a stored value and its class, as in "7:0" or "255:ignore", in every line`,
    );
  }
}

function classLines(lines: readonly Line[]): LabelMap {
  const classes = new Map<number, number>();
  const names = lines.map(({ text, at }, label) => {
    const match = /^(\d+(?:\s*-\s*\d+)?(?:\s*,\s*\d+(?:\s*-\s*\d+)?)*)(?:\s+(.+))?$/.exec(text);
    if (!match) {
      throw new SeawallError("data", `${at}: expected stored values and a name, as in "7,8 road"`);
    }
    for (const value of match[1]!.split(",").flatMap(rangeOf)) {
      if (value >= storedValues || classes.has(value)) {
        throw new SeawallError(
          "data",
          `${at}: value ${value} is above ${storedValues - 1} or named twice; a value belongs to one class`,
        );
      }
      classes.set(value, label);
    }
    return match[2];
  });
  return {
    text: "",
    classOf: (value) => classes.get(value) ?? ignored,
    names: (value) => classes.has(value),
    classes: names.some((name) => name !== undefined)
      ? names.map((name, label) => name ?? String(label))
      : names.length,
  };
}

/** The numbers of `7` or `7-9`. */
function rangeOf(text: string): number[] {
  const [from = 0, to = from] = text.split("-").map(Number);
  const length = Math.min(Math.max(to - from + 1, 1), storedValues + 1);
  return Array.from({ length }, (_, i) => from + i);
}

/** Pairs of a stored value and its class as `--label-map` takes them, neighbours joined to ranges. */
export function labelMapText(pairs: readonly (readonly [value: number, label: number])[]): string {
  const runs: { from: number; label: number; length: number }[] = [];
  for (const [value, label] of [...pairs].sort(([a], [b]) => a - b)) {
    const run = runs.at(-1);
    if (run && value === run.from + run.length && label === run.label + run.length) run.length++;
    else runs.push({ from: value, label, length: 1 });
  }
  return runs
    .map(({ from, label, length }) =>
      length === 1 ? `${from}:${label}` : `${from}-${from + length - 1}:${label}-${label + length - 1}`,
    )
    .join(",");
}
