/** Resizing of position embeddings to another grid. */
import { float32, type Tensor } from "../../base/index.js";
import { toFloat32 } from "../../weights/index.js";

/**
 * Resizes a position embedding [1, 1 + n², width] (a class token, then an n × n grid) to an m × m grid. The token's entry
 * is copied. The grid is resized bilinearly with pixel centres at ½ (ONNX's `half_pixel`).
 * @param entries 1 + m²
 * @returns undefined if either number of entries is not 1 + a square
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

/** The side of the grid that follows the class token; undefined if the grid is not square. */
export function gridOf(tokens: number): number | undefined {
  const side = Math.sqrt(tokens - 1);
  return Number.isInteger(side) && side > 0 ? side : undefined;
}

/** Linear interpolation from `from` to `to` positions: for each target, the source positions and their weights. */
function interpolation(from: number, to: number): [source: number, weight: number][][] {
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
