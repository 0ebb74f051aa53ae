/** Parsers of flag values: from text to the value in a configuration. */
import { SeawallError } from "../../base/index.js";
import { checkNames } from "../../evaluate/index.js";

/** Parses the text of a flag. Throws an Error that says what was expected. */
export type Reader = (text: string) => unknown;

/**
 * Parses a flag that belongs to no configuration.
 * @throws SeawallError `usage` naming the flag
 */
export function flagValue<T>(flag: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    throw new SeawallError("usage", `${flag}: ${(error as Error).message}`);
  }
}

export const text: Reader = (value) => value;

export function whole(value: string): number {
  return exact(match(/^-?\d+$/, value, "a whole number", Number), value);
}

export function decimal(value: string): number {
  return match(/^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i, value, "a number", Number);
}

/** `backbone=0.1,decode_head=1`: numbers by name. */
export function factors(value: string): Record<string, number> {
  const entries = value.split(",").map((entry) => {
    const form = /^\s*[^=\s][^=]*=[^=]+$/;
    const [name, number] = match(form, entry, "NAME=NUMBER", (text) => text.split("=")) as [string, string];
    return [name.trim(), decimal(number.trim())] as const;
  });
  const names = entries.map(([name]) => name);
  if (new Set(names).size < names.length) throw mistake("each name once", value);
  return Object.fromEntries(entries);
}

/** A whole number of at least 1. */
export function positiveWhole(value: string): number {
  return exact(match(/^0*[1-9]\d*$/, value, "a whole number of at least 1", Number), value);
}

/** A number from 0 to 1. */
export function fraction(value: string): number {
  return match(/^(?:0?\.\d+|[01](?:\.0*)?)$/, value, "a number from 0 to 1", Number);
}

const number = String.raw`\s*-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?\s*`;

/** `0.485,0.456,0.406`: numbers separated by commas, at least one. */
export function numberList(example: string): Reader {
  const form = new RegExp(`^${number}(?:,${number})*$`, "i");
  return (value) => match(form, value, `numbers as ${example}`, (found) => found.split(",").map(Number));
}

/** `0,255`: a fixed number of numbers, separated by commas. */
export function numbers(count: number, example: string): Reader {
  const form = new RegExp(`^${Array(count).fill(number).join(",")}$`, "i");
  return (value) =>
    match(form, value, `${count} numbers as ${example}`, (found) => found.split(",").map(Number));
}

/** `1x3x480x360`: whole numbers of at least 1, separated by x, as many as in the example. */
export function sizes(example: string): (text: string) => number[] {
  const count = example.split("x").length;
  const form = new RegExp(`^${Array(count).fill("0*[1-9]\\d*").join("[x×]")}$`);
  return (value) =>
    match(form, value, `sizes as ${example}`, (found) =>
      found.split(/[x×]/).map((side) => exact(Number(side), side)),
    );
}

/** `4,3,2`: whole numbers of at least 1, separated by commas. */
export function positions(example: string, more = ""): (value: string) => number[] {
  const form = /^0*[1-9]\d*(?:,0*[1-9]\d*)*$/;
  const expected = `numbers counted from 1, as ${example}${more}`;
  return (value) => match(form, value, expected, (found) => found.split(",").map(Number));
}

const bandNumbers = positions("4,3,2", ", or luma");

/** `4,3,2`, counted from 1, or `luma`. */
export function bands(value: string): number[] | string {
  return value === "luma" ? value : bandNumbers(value);
}

/** A number of steps; a text that is none, such as `auto`, is left to the settings. */
export function stepCount(value: string): number | string {
  return /^-?\d+$/.test(value) ? exact(Number(value), value) : value;
}

/** A number of classes, or the file with their names. */
export function classes(value: string): number | string {
  return /^\d+$/.test(value) ? exact(Number(value), value) : value;
}

/** `255`, or several labels as `254,255`. */
export function labels(value: string): number | number[] {
  const list = match(
    /^\s*(?:-?\d+|\d+(?:\s*,\s*\d+)+)\s*$/,
    value,
    "a label, or several as 254,255",
    (found) => found.split(",").map(Number),
  );
  return list.length > 1 ? list : list[0]!;
}

/** `2/4`, counted from 1 on the line and from 0 inside. */
export function shard(value: string): { index: number; count: number } {
  const expected = "i/n with i from 1 to n, as 2/4";
  const [index = 0, count = 0] = match(/^\d+\/\d+$/, value, expected, (found) =>
    found.split("/").map(Number),
  );
  if (index < 1 || index > count) throw mistake(expected, value);
  return { index: index - 1, count };
}

/** `labels,convergence`: names of soundness checks. */
export function checkList(value: string): string[] {
  const names = value.split(",").map((name) => name.trim());
  if (names.every((name) => checkNames.includes(name))) return names;
  throw mistake(`checks, some of ${checkNames.join(", ")}`, value);
}

/** Collects the values of a flag that may be given several times. */
export function collect(next: string, before: readonly string[] = []): string[] {
  return [...before, next];
}

function match<T>(form: RegExp, value: string, expected: string, convert: (value: string) => T): T {
  if (!form.test(value)) throw mistake(expected, value);
  return convert(value);
}

/** A whole number that no digit was lost of. */
function exact(number: number, value: string): number {
  if (Number.isSafeInteger(number)) return number;
  throw mistake(`a whole number of at most ${Number.MAX_SAFE_INTEGER}`, value);
}

function mistake(expected: string, value: string): Error {
  return new Error(`expected ${expected}, got "${value}"`);
}
