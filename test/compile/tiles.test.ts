/** Convolutions in tiles compute what the engine's own operators and the products of single taps do. */
import { describe, expect, it } from "vitest";
import { float32, randomStream, sizeOf } from "../../src/base/index.js";
import { kernelByProducts } from "../../src/compile/lower/kernel.js";
import {
  convolveByTiles,
  kernelByTiles,
  suitsTiles,
  suitsTilesOfKernel,
} from "../../src/compile/lower/tiles.js";
import { emptyGraph, GraphBuilder, type Value } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";

const windows = (input: number, before: number, declaredAfter: number, kernel = 3) => {
  const output = input + before + declaredAfter - kernel + 1;
  return { input, output, kernel, stride: 1, dilation: 1, before, after: declaredAfter, declaredAfter };
};

/** Even and odd results, with and without padding, also more of it than a kernel reaches. */
const cases = [
  ["even sizes", [windows(8, 1, 1), windows(6, 1, 1)]],
  ["odd sizes", [windows(7, 1, 1), windows(9, 1, 1)]],
  ["no padding", [windows(8, 0, 0), windows(7, 0, 0)]],
  ["uneven padding", [windows(5, 2, 0), windows(6, 0, 3)]],
  ["one result", [windows(1, 1, 1), windows(3, 0, 0)]],
] as const;

function sizesOf([rows, columns]: (typeof cases)[number][1]) {
  return { batch: 2, groups: 1, inner: 5, outer: 3, windows: [rows, columns] };
}

/** The values of both forms. */
async function both(
  shapes: Readonly<Record<string, readonly number[]>>,
  write: (build: GraphBuilder) => readonly [Value, Value],
) {
  const build = new GraphBuilder(emptyGraph("tiles", 18));
  for (const [name, shape] of Object.entries(shapes)) build.input(name, "float32", shape);
  for (const [i, value] of write(build).entries()) build.output(value, ["tiled", "plain"][i]);
  const feeds = Object.entries(shapes).map(([name, shape]) => {
    return [name, float32(shape, randomStream(name).uniform(sizeOf(shape), -1, 1))] as const;
  });
  const session = await openSession(build.graph, { threads: 1 });
  const { tiled, plain } = await session.run(Object.fromEntries(feeds));
  await session.dispose();
  expect(tiled!.dims).toEqual(plain!.dims);
  return [tiled!.data, plain!.data].map((data) => Array.from(data as Float32Array)) as [number[], number[]];
}

/** Rounding of sums of some hundred products of numbers below 1. */
const rounding = 5e-6;

describe.each(cases)("%s", (_, given) => {
  const sizes = sizesOf(given);
  const image = [sizes.batch, sizes.inner, ...sizes.windows.map(({ input }) => input)];
  const result = [sizes.batch, sizes.outer, ...sizes.windows.map(({ output }) => output)];

  it("give the same convolution, with a bias", async () => {
    const kernel = [sizes.outer, sizes.inner, 3, 3];
    const [rows, columns] = sizes.windows;
    const pads = [rows!.before, columns!.before, rows!.after, columns!.after];
    const [tiled, plain] = await both({ image, kernel, bias: [sizes.outer] }, (build) => [
      convolveByTiles(build, "image", "kernel", sizes, "bias"),
      build.op("Conv", ["image", "kernel", "bias"], { pads }),
    ]);
    for (const [i, value] of tiled.entries()) expect(Math.abs(value - plain[i]!)).toBeLessThan(rounding);
  });

  it("give the same gradient of the kernel", async () => {
    const [tiled, plain] = await both({ image, gradient: result }, (build) => [
      kernelByTiles(build, "image", "gradient", sizes),
      kernelByProducts(build, "image", "gradient", sizes),
    ]);
    for (const [i, value] of tiled.entries()) expect(Math.abs(value - plain[i]!)).toBeLessThan(2 * rounding);
  });
});

describe("tiles are taken", () => {
  const wide = {
    batch: 2,
    groups: 1,
    inner: 512,
    outer: 512,
    windows: [windows(64, 1, 1), windows(64, 1, 1)],
  };
  const other = (change: object) => ({
    ...wide,
    windows: wide.windows.map((window) => ({ ...window, ...change })),
  });

  it("for wide 3×3 convolutions of large images alone", () => {
    expect(suitsTilesOfKernel(wide)).toBe(true);
    expect(suitsTilesOfKernel({ ...wide, inner: 64 })).toBe(false);
    expect(suitsTilesOfKernel({ ...wide, groups: 2 })).toBe(false);
    expect(suitsTilesOfKernel(other({ output: 8 }))).toBe(false);
    for (const change of [{ kernel: 5 }, { stride: 2 }, { dilation: 2 }, { before: -1 }])
      expect(suitsTilesOfKernel(other(change)), JSON.stringify(change)).toBe(false);
  });

  it("where the kernel is computed, and not where the file has it", () => {
    const build = new GraphBuilder(emptyGraph("choice", 18));
    const given = build.input("kernel", "float32", [512, 512, 3, 3]);
    expect(suitsTiles(build, given, wide)).toBe(true);
    const stored = build.constant(float32([1], [0]));
    expect(suitsTiles(build, stored, wide)).toBe(false);
  });
});
