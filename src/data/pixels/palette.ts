/** Label images that show classes as colours: a palette says which class a colour stands for. */
import { SeawallError } from "../../base/index.js";
import { type Palette, palettes } from "./palettes.js";
import { ignored, type StoredLabels } from "./stored.js";

/** A colour as messages write it: `(128, 64, 128)`. */
export function colourText(colour: number): string {
  return `(${colour >> 16}, ${(colour >> 8) & 255}, ${colour & 255})`;
}

/** The colour of a pixel of `stored`; a number without a palette of the file's own is a grey level. */
function colourOf(stored: StoredLabels): (value: number) => number {
  if (stored.coloured) return (value) => value;
  if (stored.colours) return (value) => stored.colours![value] ?? 0;
  return (value) => value * 0x010101;
}

/**
 * The class of every pixel by its colour, −1 where it counts nowhere.
 * @param file names the file in messages
 * @throws SeawallError `data` for a colour that the palette does not have, with the number of its pixels
 */
export function classesByColour(stored: StoredLabels, { name, classes }: Palette, file: string): Int32Array {
  const toColour = colourOf(stored);
  const data = new Int32Array(stored.values.length);
  const unknown = new Map<number, number>();
  let [last, label] = [-1, ignored];
  for (let pixel = 0; pixel < data.length; pixel++) {
    const value = stored.values[pixel]!;
    if (value !== last) {
      const found = classes.get(toColour(value));
      last = found === undefined ? -1 : value;
      label = found ?? ignored;
      if (found === undefined) unknown.set(value, (unknown.get(value) ?? 0) + 1);
    }
    data[pixel] = label;
  }
  if (unknown.size > 0) throw unknownColours(unknown, toColour, name, file);
  return data;
}

function unknownColours(
  counts: ReadonlyMap<number, number>,
  toColour: (value: number) => number,
  name: string,
  file: string,
): SeawallError {
  const [[most, pixels] = [0, 0]] = [...counts].sort(([, a], [, b]) => b - a);
  const colour = toColour(most);
  const others = counts.size - 1;
  const rest = [...counts.values()].reduce((sum, count) => sum + count, 0) - pixels;
  const more = others > 0 ? `, and ${others} more colours (${rest} pixels) are missing too` : "";
  const line = `ignore ${colourText(colour).replace(/[(),]/g, "")}`;
  return new SeawallError(
    "data",
    `${file}: the colour ${colourText(colour)} of ${pixels} pixels is not in the palette ${name}${more}; use a palette ` +
      `that has it: a file with one line a class, red green blue and its name; a line "${line}" leaves the colour out`,
  );
}

/** Names of the shipped palettes that have each of these colours, the one with the fewest colours first. */
export function palettesWith(colours: Iterable<number>): string[] {
  const wanted = [...colours];
  return Object.values(palettes)
    .filter(({ classes }) => wanted.every((colour) => classes.has(colour)))
    .sort((a, b) => a.classes.size - b.classes.size)
    .map(({ name }) => name);
}

/** Refuses colours where no palette was given, and names those that would fit. */
export function colouredLabels(stored: StoredLabels, file: string): SeawallError {
  const counts = new Map<number, number>();
  for (const value of stored.values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [[most, pixels] = [0, 0]] = [...counts].sort(([, a], [, b]) => b - a);
  const [fitting] = palettesWith(counts.keys());
  const remedy = fitting
    ? `all ${counts.size} are colours of the ${fitting} palette: add --palette ${fitting}`
    : `name their classes with --palette FILE (one line a class: red green blue and its name), or with one of ${Object.keys(palettes).join(", ")}`;
  return new SeawallError(
    "data",
    `${file}: it holds colours, not class numbers (${counts.size} colours, most often ${colourText(most)}, ${pixels} pixels); ${remedy}`,
  );
}

/**
 * Reads a palette file: one line a class, in order, with red, green and blue from 0 to 255 (`128 64 128 road`). A line
 * that begins with `ignore` names a colour that counts nowhere. Empty lines and lines that begin with # are skipped.
 * @param file names the file in messages
 * @throws SeawallError `data` naming the line
 */
export function parsePalette(content: string, file: string): Palette {
  const classes = new Map<number, number>();
  let count = 0;
  for (const [i, line] of content.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const match = /^(ignore\s+)?(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:[\s,].*)?$/.exec(trimmed);
    const [red = 256, green = 256, blue = 256] = match?.slice(2, 5).map(Number) ?? [];
    const colour = red * 65536 + green * 256 + blue;
    if (!match || Math.max(red, green, blue) > 255 || classes.has(colour)) {
      throw new SeawallError(
        "data",
        `${file}: line ${i + 1}, "${trimmed.slice(0, 60)}": expected red, green and blue from 0 to 255, each colour once, as in "128 64 128 road"`,
      );
    }
    classes.set(colour, match[1] ? ignored : count++);
  }
  if (count === 0) throw new SeawallError("data", `${file}: names no class; expected one colour a line`);
  return { name: file, classes };
}
