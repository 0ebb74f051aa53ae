/** Squares with textures, one in each region of a grid over the image. */
import type { RandomStream } from "../../base/index.js";
import type { ImageOracle } from "../../oracle/index.js";
import { drawSign, type Offsets } from "./corners.js";

/** Side of a square at the first and at the last query, in pixels; between them it falls geometrically. */
const sides = { first: 64, last: 16 } as const;

/** Side of a region, in sides of its square: pixels around the square are judged with it. */
const regionSides = 2;

/** A square changes every pixel, every second or every fourth one along both axes. */
const periods = [1, 2, 4] as const;

export interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** A square, and the region around it in which it is judged. */
export interface Square extends Box {
  readonly region: Box;
}

/**
 * A grid of regions with a random offset, and a square at a random place in each.
 * @param share of the queries that are made, in [0, 1]
 */
export function drawSquares({ height, width }: ImageOracle, share: number, random: RandomStream): Square[] {
  const side = Math.round(sides.first * (sides.last / sides.first) ** share);
  const ys = cuts(height, regionSides * side, random);
  const xs = cuts(width, regionSides * side, random);
  return ys.flatMap(([top, bottom]) =>
    xs.map(([left, right]): Square => {
      const [y, x] = [within(top, bottom, side, random), within(left, right, side, random)];
      return { top: y[0], bottom: y[1], left: x[0], right: x[1], region: { top, left, bottom, right } };
    }),
  );
}

type Span = readonly [from: number, to: number];

/** Cuts [0, length) into spans of a size; a random offset shortens the first and the last one. */
function cuts(length: number, size: number, random: RandomStream): Span[] {
  const first = -Math.floor(random.next() * size);
  const count = Math.ceil((length - first) / size);
  return Array.from({ length: count }, (_, i): Span => {
    const from = first + i * size;
    return [Math.max(from, 0), Math.min(from + size, length)];
  });
}

/** A span of a size, or shorter, at a random place within another one. */
function within(from: number, to: number, size: number, random: RandomStream): Span {
  const own = Math.min(size, to - from);
  const start = from + Math.floor(random.next() * (to - from - own + 1));
  return [start, start + own];
}

/** `offsets`, where in each square the pixels of one class modulo the period get −1 or +1, drawn for each channel. */
export function withSquares(
  offsets: Offsets,
  { channels, height, width }: ImageOracle,
  squares: readonly Square[],
  random: RandomStream,
): Offsets {
  const changed = offsets.slice();
  for (const { top, left, bottom, right } of squares) {
    const period = periods[Math.floor(random.next() * periods.length)]!;
    const firstRow = top + Math.floor(random.next() * period);
    const firstColumn = left + Math.floor(random.next() * period);
    for (let channel = 0; channel < channels; channel++) {
      const sign = drawSign(random);
      for (let y = firstRow; y < bottom; y += period) {
        const row = (channel * height + y) * width;
        for (let x = firstColumn; x < right; x += period) changed[row + x] = sign;
      }
    }
  }
  return changed;
}

/** `to` with the squares of `from`. Neither is changed. */
export function copySquares(
  from: Offsets,
  to: Offsets,
  { channels, height, width }: ImageOracle,
  squares: readonly Square[],
): Offsets {
  const copy = to.slice();
  for (const { top, left, bottom, right } of squares) {
    for (let channel = 0; channel < channels; channel++) {
      for (let y = top; y < bottom; y++) {
        const row = (channel * height + y) * width;
        copy.set(from.subarray(row + left, row + right), row + left);
      }
    }
  }
  return copy;
}
