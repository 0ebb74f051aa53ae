/** Position embeddings for another grid. */
import { float32, type Tensor } from "../../base/index.js";
import { toFloat32 } from "../../weights/index.js";

/**
 * A position embedding [1, 1 + n², width] (one token, then an n × n grid) for an m × m grid: the token's entry stays,
 * the grid is resized bilinearly, pixels being areas; undefined where a number of entries is no such grid.
 */
export function resizePositions(positions: Tensor, entries: number): Tensor<"float32"> | undefined {
  const { dims, data } = toFloat32(positions);
  const [, tokens = 0, width = 0] = dims;
  const [from, to] = [gridOf(tokens), gridOf(entries)];
  if (from === undefined || to === undefined) return undefined;
  const result = new Float32Array(entries * width);
  result.set(data.subarray(0, width));
  const weights = interpolation(from, to);
  for (const [row, rows] of weights.entries()) {
    for (const [column, columns] of weights.entries()) {
      const target = (1 + row * to + column) * width;
      for (const [i, a] of rows) {
        for (const [j, b] of columns) {
          const source = (1 + i * from + j) * width;
          for (let k = 0; k < width; k++) result[target + k]! += a * b * data[source + k]!;
        }
      }
    }
  }
  return float32([1, entries, width], result);
}

/** The side of the grid that stands behind a first token. */
export function gridOf(tokens: number): number | undefined {
  const side = Math.sqrt(tokens - 1);
  return Number.isInteger(side) && side > 0 ? side : undefined;
}

/** For each of `to` places on a line, the one or two of `from` places that it lies between, with their weights. */
function interpolation(from: number, to: number): [place: number, weight: number][][] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const left = Math.min(Math.floor(at), from - 1);
    const right = Math.min(left + 1, from - 1);
    const share = at - left;
    return [
      [left, 1 - share],
      [right, share],
    ];
  });
}
