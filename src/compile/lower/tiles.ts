/**
 * Dense 3×3 convolutions in tiles of 2×2 results (Winograd 1980; Lavin and Gray 2016, F(2×2, 3×3)): 16 products over the
 * channels where the engine makes 36. Images and kernels are added up in small sums before, the products after. The sums
 * have no factors but 1 and ½, so that rounding loses little more than the engine's own way does.
 */
import { type Convolution, padZeros, type Windows } from "../../autodiff/index.js";
import { float32, invariant } from "../../base/index.js";
import type { GraphBuilder, Value } from "../../onnx/index.js";
import { cpuThresholds } from "./facts/thresholds.js";
import { tapsLast } from "./kernel.js";

/**
 * True if tiles beat the engine's Conv. Only for computed kernels: the engine lays out constant ones on loading, and a model
 * under attack is computed as its file says.
 */
export function suitsTiles(build: GraphBuilder, kernel: Value, sizes: Convolution): boolean {
  return !build.graph.initializers.has(kernel) && suitsTilesOfKernel(sizes);
}

/** True if tiles beat one product for each tap in the kernel's gradient. */
export function suitsTilesOfKernel({ batch, groups, inner, outer, windows }: Convolution): boolean {
  const fits = ({ kernel, stride, dilation, before }: Windows) =>
    kernel === 3 && stride === 1 && dilation === 1 && before >= 0;
  if (groups > 1 || windows.length !== 2 || !windows.every(fits)) return false;
  const pixels = windows.reduce((product, { output }) => product * output, batch);
  // The sums cost in proportion to the channels' sum, what is saved to their product.
  const channels = (inner * outer) / (inner + outer);
  return channels >= cpuThresholds.tiledChannels.value && pixels >= cpuThresholds.tiledPixels.value;
}

/** Rows say how results are summed from values; a row of `[1, 0, -1, 0]` is a − c. */
type Sums = readonly (readonly number[])[];

/** Bᵀ: from four neighbouring pixels to the four places of a tile. */
const imageSums: Sums = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
];
/** G: from three taps to the four places. */
const kernelSums: Sums = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
];
/** Aᵀ: from the four places to two neighbouring results. */
const resultSums: Sums = [
  [1, 1, 1, 0],
  [0, 1, -1, -1],
];
const transposed = (sums: Sums): Sums => sums[0]!.map((_, i) => sums.map((row) => row[i]!));

/** The convolution. @param bias one number per channel */
export function convolveByTiles(
  build: GraphBuilder,
  image: Value,
  kernel: Value,
  sizes: Convolution,
  bias?: Value,
): Value {
  const { batch, outer, windows } = sizes;
  const [rows, columns] = windows as [Windows, Windows];
  const seen = imageTiles(build, image, sizes);
  const mixing = kernelTiles(build, kernel, sizes);
  const products = seen.map((line, i) => line.map((places, j) => build.matmul(mixing[i]![j]!, places)));
  const results = bothWays(build, resultSums, products).map((line) =>
    line.map((value) => build.reshape(value, [batch, outer, tilesOf(rows), tilesOf(columns), 1])),
  );
  const lines = results.map((line) =>
    build.reshape(build.concat(line, 4), [batch, outer, tilesOf(rows), 1, 2 * tilesOf(columns)]),
  );
  const whole = build.reshape(build.concat(lines, 3), [
    batch,
    outer,
    ...[rows, columns].map((window) => 2 * tilesOf(window)),
  ]);
  const cropped = [rows, columns].every(({ output }) => output % 2 === 0)
    ? whole
    : build.slice(whole, [2, 3], [0, 0], [rows.output, columns.output]);
  return bias ? build.add(cropped, build.reshape(bias, [outer, 1, 1])) : cropped;
}

/** The gradient of the kernel: the adjoint of the same sums and products. */
export function kernelByTiles(build: GraphBuilder, image: Value, gradient: Value, sizes: Convolution): Value {
  const { batch, inner, outer, windows } = sizes;
  const seen = imageTiles(build, image, sizes);
  const given = gradientTiles(build, gradient, sizes);
  const products = given.flatMap((line, i) =>
    line.map((places, j) => {
      const product = build.matmul(places, build.transpose(seen[i]![j]!, [0, 2, 1]));
      return batch === 1 ? product : build.reduce("ReduceSum", product, [0]);
    }),
  );
  const places = build.reshape(build.concat(products, 0), [products.length, outer * inner]);
  const taps = build.matmul(squareOf(build, transposed(kernelSums)), places);
  return tapsLast(
    build,
    taps,
    [outer, inner],
    windows.map(({ kernel }) => kernel),
  );
}

/** Tiles along an axis; the last one may reach beyond the result. */
const tilesOf = ({ output }: Windows) => Math.ceil(output / 2);

/** The 4×4 places of all tiles of the image, each [batch, inner, tiles]. */
function imageTiles(build: GraphBuilder, image: Value, { batch, inner, windows }: Convolution): Value[][] {
  const reach = imageSums[0]!.length;
  const after = windows.map((window) =>
    Math.max(0, 2 * tilesOf(window) + reach - 2 - window.input - window.before),
  );
  const padded = padZeros(build, image, [0, 0, ...windows.map(({ before }) => before)], [0, 0, ...after]);
  return placesOf(build, padded, imageSums, [batch, inner], windows);
}

/** The 4×4 places of all tiles of the result's gradient, each [batch, outer, tiles]. */
function gradientTiles(build: GraphBuilder, gradient: Value, { batch, outer, windows }: Convolution) {
  const after = windows.map((window) => 2 * tilesOf(window) - window.output);
  const padded = padZeros(build, gradient, [0, 0, 0, 0], [0, 0, ...after]);
  return placesOf(build, padded, transposed(resultSums), [batch, outer], windows);
}

/** Sums over neighbouring rows, then over neighbouring columns, two pixels from tile to tile. */
function placesOf(
  build: GraphBuilder,
  padded: Value,
  sums: Sums,
  lead: readonly number[],
  windows: readonly Windows[],
): Value[][] {
  const [rows, columns] = windows.map(tilesOf) as [number, number];
  const neighbours = (value: Value, axis: number, tiles: number) =>
    sums[0]!.map((_, start) => build.slice(value, [axis], [start], [start + 2 * tiles - 1], [2]));
  const flat = (value: Value) => build.reshape(value, [...lead, rows * columns]);
  return combined(build, sums, neighbours(padded, 2, rows)).map((line) =>
    combined(build, sums, neighbours(line, 3, columns)).map(flat),
  );
}

/** The 4×4 places of the kernel, each [outer, inner]. */
function kernelTiles(build: GraphBuilder, kernel: Value, { inner, outer }: Convolution): Value[][] {
  const taps = build.transpose(build.reshape(kernel, [outer * inner, kernelSums[0]!.length ** 2]), [1, 0]);
  const side = kernelSums.length;
  const places = build.matmul(squareOf(build, kernelSums), taps);
  const split = build.ops("Split", [places, build.ints(Array(side ** 2).fill(1))], side ** 2, { axis: 0 });
  const one = (i: number, j: number) => build.reshape(split[i * side + j]!, [outer, inner]);
  return kernelSums.map((_, i) => kernelSums.map((_, j) => one(i, j)));
}

/** Sums along both axes of a square as one matrix: the Kronecker product of the sums with themselves. */
function squareOf(build: GraphBuilder, sums: Sums): Value {
  const rows = sums.flatMap((a) => sums.map((b) => a.flatMap((x) => b.map((y) => x * y))));
  return build.constant(float32([rows.length, rows[0]!.length], rows.flat()), "sums");
}

/** Sums of a square of values along its rows and its columns. */
function bothWays(build: GraphBuilder, sums: Sums, square: readonly (readonly Value[])[]): Value[][] {
  const down = square[0]!.map((_, j) =>
    combined(
      build,
      sums,
      square.map((line) => line[j]!),
    ),
  );
  return sums.map((_, i) =>
    combined(
      build,
      sums,
      down.map((column) => column[i]!),
    ),
  );
}

/** Sums of values with factors 1 and −1. */
function combined(build: GraphBuilder, sums: Sums, values: readonly Value[]): Value[] {
  return sums.map((row) => {
    const [added, taken] = [1, -1].map((factor) => values.filter((_, i) => row[i] === factor));
    const [first, ...rest] = added!;
    if (first === undefined) {
      invariant(taken!.length === 1, "a sum of nothing but what is taken away");
      return build.op("Neg", [taken![0]!]);
    }
    const sum = rest.reduce((a, b) => build.add(a, b), first);
    return taken!.reduce((a, b) => build.sub(a, b), sum);
  });
}
