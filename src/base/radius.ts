/** Parsing of perturbation radii. */
import { SeawallError } from "./errors.js";

/** A perturbation radius: its text without spaces, which is its name in records and reports, and its value in [0, 1]. */
export interface Radius {
  readonly text: string;
  readonly value: number;
}

const fraction = /^(\d+(?:\.\d+)?|\.\d+)\s*\/\s*(\d+(?:\.\d+)?)$/;
const decimal = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * Parses `4/255`, `0.0157` or `1e-2` as a radius. Pixel values are in [0, 1].
 * @throws SeawallError `config` for any other text, and for a radius above 1
 */
export function parseRadius(text: string): Radius {
  const trimmed = text.trim();
  const value = readNumber(trimmed);
  if (value === undefined) {
    throw new SeawallError(
      "config",
      `radius "${text}": expected a fraction such as 4/255 or a decimal such as 0.0157`,
    );
  }
  if (!(value <= 1)) {
    const remedy = trimmed.includes("/") ? "" : `; for ${trimmed} grey levels of 255 write ${trimmed}/255`;
    throw new SeawallError(
      "config",
      `radius "${text}": must be at most 1, because pixel values are in [0, 1]${remedy}`,
    );
  }
  return { text: trimmed.replace(/\s/g, ""), value };
}

function readNumber(text: string): number | undefined {
  const parts = fraction.exec(text);
  if (parts) return Number(parts[1]) / Number(parts[2]);
  return decimal.test(text) ? Number(text) : undefined;
}
