/** Convolutions in the engine against loops over the definition. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConvOptions } from "../../../src/nn/layers/modules.js";
import { windows } from "../../../src/nn/layers/shapes.js";
import { distance, type LayersRun, range, runLayers } from "./run.js";

/** The definition of PyTorch's Conv2d, for a batch of images [from, height, width]. */
function convolved(run: LayersRun, from: number, height: number, width: number, options: ConvOptions) {
  const { channels, kernel, stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options;
  const { x, "layer.weight": weight, "layer.bias": offset } = run.data;
  const [perGroup, outPerGroup] = [from / groups, channels / groups];
  const rows = Math.floor((height + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1);
  const columns = Math.floor((width + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1);
  const pixel = (n: number, c: number, row: number, column: number) =>
    row < 0 || column < 0 || row >= height || column >= width
      ? 0
      : x![((n * from + c) * height + row) * width + column]!;
  return range(2).flatMap((n) =>
    range(channels).flatMap((out) =>
      range(rows).flatMap((row) =>
        range(columns).map((column) => {
          let total = bias ? offset![out]! : 0;
          for (let c = 0; c < perGroup; c++)
            for (let i = 0; i < kernel; i++)
              for (let j = 0; j < kernel; j++)
                total +=
                  weight![((out * perGroup + c) * kernel + i) * kernel + j]! *
                  pixel(
                    n,
                    Math.floor(out / outPerGroup) * perGroup + c,
                    row * stride - padding + i * dilation,
                    column * stride - padding + j * dilation,
                  );
          return total;
        }),
      ),
    ),
  );
}

const run = (dims: readonly number[], options: ConvOptions) =>
  runLayers({ inputs: { x: dims }, write: (net, { x }) => ({ y: net.conv("layer", x!, options) }) });

describe("conv", () => {
  it.each<[string, [number, number, number], ConvOptions]>([
    ["1×1", [3, 4, 5], { channels: 2, kernel: 1 }],
    ["3×3 with padding", [2, 5, 4], { channels: 3, kernel: 3, padding: 1 }],
    ["patches: kernel and stride 4", [3, 8, 12], { channels: 5, kernel: 4, stride: 4 }],
    [
      "stride 2, a remainder of pixels left over",
      [2, 6, 7],
      { channels: 2, kernel: 3, stride: 2, padding: 1 },
    ],
    ["dilation 2 on a wide border", [1, 7, 6], { channels: 2, kernel: 3, dilation: 2, padding: 2 }],
    ["dilation 3 without padding", [2, 9, 8], { channels: 1, kernel: 3, dilation: 3 }],
    ["depthwise 7×7", [4, 8, 7], { channels: 4, kernel: 7, padding: 3, groups: 4 }],
    ["two groups, more channels out than in", [4, 4, 4], { channels: 6, kernel: 3, padding: 1, groups: 2 }],
    ["no bias", [2, 4, 4], { channels: 2, kernel: 3, bias: false }],
  ])("%s is the definition", async (_, dims, options) => {
    const result = await run(dims, options);
    const expected = convolved(result, ...dims, options);
    expect(distance(result.data.y!, expected)).toBeLessThan(1e-4);
    expect(result.dims.y).toEqual([2, ...result.declared.y!]);
  });

  it("declares the weight and bias of PyTorch, and no bias where none is asked for", async () => {
    const options = { channels: 6, kernel: 3, groups: 2 };
    const shapes = (specs: LayersRun["parameters"]) =>
      specs.map(({ name, shape, kind }) => [name, shape, kind]);
    expect(shapes((await run([4, 5, 5], options)).parameters)).toEqual([
      ["layer.weight", [6, 2, 3, 3], "weight"],
      ["layer.bias", [6], "bias"],
    ]);
    expect(shapes((await run([4, 5, 5], { ...options, bias: false })).parameters)).toHaveLength(1);
  });
});

describe("windows", () => {
  it("counts the starts at which a window fits", () => {
    const positive = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(positive, positive, positive, (n, length, stride) => {
        fc.pre(length <= n);
        const starts = range(n).filter((start) => start % stride === 0 && start + length <= n);
        expect(windows(n, length, stride)).toBe(starts.length);
      }),
    );
  });
});
