/** Layers without parameters in the engine against plain arithmetic. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { constant } from "../../../src/nn/layers/parameters.js";
import { distance, range, runLayers, sum } from "./run.js";

describe("permuting and cutting", () => {
  it("channelsLast and channelsFirst move each element to its place, and undo each other", async () => {
    const { data, dims } = await runLayers({
      inputs: { x: [2, 3, 4] },
      write: (net, { x }) => ({
        last: net.channelsLast(x!),
        back: net.channelsFirst(net.channelsLast(x!)),
      }),
    });
    expect(dims.last).toEqual([2, 3, 4, 2]);
    expect(data.back).toEqual(data.x);
    for (const [i, value] of data.last!.entries()) {
      const [c, pixel, n] = [i % 2, Math.floor(i / 2) % 12, Math.floor(i / 24)];
      expect(value).toBe(data.x![(n * 2 + c) * 12 + pixel]);
    }
  });

  it("concat of the row pieces, and of the split pieces, has every element once", async () => {
    const { data, declared } = await runLayers({
      inputs: { x: [5, 6] },
      batch: 1,
      values: { x: range(30) },
      write: (net, { x }) => {
        const [a, b, c] = net.split(x!, 3);
        return { a: a!, b: b!, c: c!, rows: net.concat([net.rows(x!, 3, 5), net.rows(x!, 0, 3)]) };
      },
    });
    expect([...data.b!]).toEqual([2, 3, 8, 9, 14, 15, 20, 21, 26, 27]);
    expect([...data.c!].slice(0, 2)).toEqual([4, 5]);
    expect(declared.a).toEqual([5, 2]);
    expect([...data.rows!]).toEqual([...range(12).map((i) => 18 + i), ...range(18)]);
  });

  it("reshape keeps the order of elements within each image, and refuses another number of them", async () => {
    const { data, dims } = await runLayers({
      inputs: { x: [2, 6] },
      write: (net, { x }) => ({ y: net.reshape(x!, [3, 2, 2]) }),
    });
    expect(dims.y).toEqual([2, 3, 2, 2]);
    expect(data.y).toEqual(data.x);
    await expect(
      runLayers({ inputs: { x: [2, 6] }, write: (net, { x }) => ({ y: net.reshape(x!, [5, 2]) }) }),
    ).rejects.toThrow("internal: [2,6] has not the elements of [5,2]");
  });

  it("pad and crop undo each other, and do nothing where the size is right", async () => {
    const { data, dims } = await runLayers({
      inputs: { x: [1, 2, 3] },
      batch: 1,
      values: { x: [1, 2, 3, 4, 5, 6] },
      write: (net, { x }) => {
        expect(net.pad(x!, [1, 2, 3])).toBe(x);
        expect(net.crop(x!, [1, 2, 3])).toBe(x);
        const padded = net.pad(x!, [1, 4, 5]);
        return { padded, back: net.crop(padded, [1, 2, 3]) };
      },
    });
    expect(dims.padded).toEqual([1, 1, 4, 5]);
    expect([...data.padded!]).toEqual([1, 2, 3, 0, 0, 4, 5, 6, 0, 0, ...Array(10).fill(0)]);
    expect(data.back).toEqual(data.x);
  });
});

describe("rolling", () => {
  it("moves every element along one axis, around the end", async () => {
    const { data } = await runLayers({
      inputs: { x: [2, 3] },
      batch: 1,
      values: { x: [1, 2, 3, 4, 5, 6] },
      write: (net, { x }) => {
        expect(net.roll(x!, 1, -3)).toBe(x);
        return { down: net.roll(x!, 0, 1), right: net.roll(x!, 1, 1), left: net.roll(x!, 1, -4) };
      },
    });
    expect([...data.down!]).toEqual([4, 5, 6, 1, 2, 3]);
    expect([...data.right!]).toEqual([3, 1, 2, 6, 4, 5]);
    expect([...data.left!]).toEqual([2, 3, 1, 5, 6, 4]);
  });
});

describe("embedding", () => {
  it("is given to each image of the batch alike", async () => {
    const { data, dims, parameters } = await runLayers({
      inputs: { x: [1, 2] },
      batch: 3,
      values: { cls: [1, 2, 3, 4] },
      write: (net, { x }) => ({ y: net.perImage(net.embedding("cls", 2, 2, constant(0)), x!) }),
    });
    expect(dims.y).toEqual([3, 2, 2]);
    expect([...data.y!]).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
    expect(parameters).toMatchObject([{ name: "cls", shape: [1, 2, 2], kind: "embedding" }]);
  });
});

/** PyTorch's bilinear interpolation along one axis of n values, to m values. */
function resized(values: readonly number[], m: number, alignCorners: boolean): number[] {
  const n = values.length;
  return range(m).map((i) => {
    const place = alignCorners ? (m === 1 ? 0 : (i * (n - 1)) / (m - 1)) : ((i + 0.5) * n) / m - 0.5;
    const at = Math.min(n - 1, Math.max(0, place));
    const below = Math.floor(at);
    const above = Math.min(n - 1, below + 1);
    return values[below]! + (at - below) * (values[above]! - values[below]!);
  });
}

describe("interpolate", () => {
  it.each([
    [3, 4, 6, 8, false],
    [3, 4, 6, 8, true],
    [5, 7, 2, 3, false],
    [5, 7, 2, 3, true],
    [1, 3, 4, 9, false],
    [1, 3, 4, 9, true],
    [2, 2, 2, 7, false],
  ])(
    "from %d×%d to %d×%d, corners aligned: %s, is linear along rows, then columns",
    async (h, w, height, width, corners) => {
      const { data, dims } = await runLayers({
        inputs: { x: [2, h, w] },
        batch: 1,
        write: (net, { x }) => ({ y: net.interpolate(x!, [height, width], corners) }),
      });
      const expected = range(2).flatMap((c) => {
        const rows = range(h).map((r) =>
          resized([...data.x!.slice((c * h + r) * w, (c * h + r + 1) * w)], width, corners),
        );
        const columns = range(width).map((j) =>
          resized(
            rows.map((row) => row[j]!),
            height,
            corners,
          ),
        );
        return range(height).flatMap((i) => columns.map((column) => column[i]!));
      });
      expect(dims.y).toEqual([1, 2, height, width]);
      expect(distance(data.y!, expected)).toBeLessThan(1e-5);
    },
  );

  it("with corners aligned keeps the four corner pixels", async () => {
    const { data } = await runLayers({
      inputs: { x: [1, 3, 3] },
      batch: 1,
      values: { x: [1, 0, 2, 0, 0, 0, 3, 0, 4] },
      write: (net, { x }) => ({ y: net.interpolate(x!, [7, 5], true) }),
    });
    expect([0, 4, 30, 34].map((i) => data.y![i])).toEqual([1, 2, 3, 4]);
  });
});

describe("adaptiveAveragePool", () => {
  it("averages over PyTorch's windows, which overlap where the side is no multiple", async () => {
    for (const [height, width, size] of [
      [6, 6, 3],
      [7, 5, 3],
      [2, 4, 3],
      [9, 7, 1],
    ] as const) {
      const { data, dims } = await runLayers({
        inputs: { x: [2, height, width] },
        batch: 1,
        write: (net, { x }) => ({ y: net.adaptiveAveragePool(x!, size) }),
      });
      const window = (n: number, i: number) =>
        range(n).filter((j) => j >= Math.floor((i * n) / size) && j < Math.ceil(((i + 1) * n) / size));
      const expected = range(2).flatMap((c) =>
        range(size).flatMap((i) =>
          range(size).map((j) => {
            const [rows, columns] = [window(height, i), window(width, j)];
            const values = rows.flatMap((r) => columns.map((s) => data.x![(c * height + r) * width + s]!));
            return sum(values) / values.length;
          }),
        ),
      );
      expect(dims.y).toEqual([1, 2, size, size]);
      expect(distance(data.y!, expected), `${height}×${width} to ${size}`).toBeLessThan(1e-6);
    }
  });
});

describe("maxPool", () => {
  it("takes the largest of each window, and padding is never the largest", async () => {
    const side = fc.integer({ min: 3, max: 8 });
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(0, 1),
        async (height, width, stride, padding) => {
          const { data, dims, declared } = await runLayers({
            inputs: { x: [1, height, width] },
            batch: 1,
            // All values are negative: a zero of the padding would win.
            values: { x: range(height * width).map((i) => -1 - ((i * 7) % 11)) },
            write: (net, { x }) => ({ y: net.maxPool(x!, 3, stride, padding) }),
          });
          const [, rows, columns] = declared.y!;
          expect(dims.y).toEqual([1, 1, rows, columns]);
          const expected = range(rows!).flatMap((i) =>
            range(columns!).map((j) => {
              const inside = (from: number, n: number) =>
                range(3)
                  .map((k) => from + k)
                  .filter((p) => p >= 0 && p < n);
              return Math.max(
                ...inside(i * stride - padding, height).flatMap((r) =>
                  inside(j * stride - padding, width).map((s) => data.x![r * width + s]!),
                ),
              );
            }),
          );
          expect([...data.y!]).toEqual(expected);
        },
      ),
      { numRuns: 15 },
    );
  });
});
