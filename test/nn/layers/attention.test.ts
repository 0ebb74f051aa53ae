/** Linear layers and attention in the engine against plain arithmetic. */
import { describe, expect, it } from "vitest";
import { constant } from "../../../src/nn/layers/parameters.js";
import { distance, range, runLayers, sum } from "./run.js";

describe("linear", () => {
  it("is x Wᵀ + b over the last axis, whatever axes come before", async () => {
    for (const dims of [
      [4, 3],
      [2, 2, 3],
    ]) {
      const { data, declared } = await runLayers({
        inputs: { x: dims },
        write: (net, { x }) => ({ y: net.linear("fc", x!, 2) }),
      });
      const expected = range(8).flatMap((row) =>
        range(2).map(
          (out) =>
            data["fc.bias"]![out]! +
            sum(range(3).map((i) => data.x![3 * row + i]! * data["fc.weight"]![3 * out + i]!)),
        ),
      );
      expect(declared.y).toEqual([...dims.slice(0, -1), 2]);
      expect(distance(data.y!, expected)).toBeLessThan(1e-5);
    }
  });
});

describe("project", () => {
  it("is x P, with P as it lies in the checkpoint and without a bias", async () => {
    const { data, parameters } = await runLayers({
      inputs: { x: [1, 2] },
      batch: 1,
      values: { x: [1, 10], proj: [1, 2, 3, 4, 5, 6] },
      write: (net, { x }) => ({ y: net.project("proj", x!, 3, constant(0)) }),
    });
    expect([...data.y!]).toEqual([41, 52, 63]);
    expect(parameters).toMatchObject([{ name: "proj", shape: [2, 3], kind: "weight" }]);
  });
});

describe("scale", () => {
  it("multiplies each element of the last axis by its own factor", async () => {
    const { data } = await runLayers({
      inputs: { x: [2, 2] },
      batch: 1,
      values: { x: [1, 2, 3, 4], gamma: [10, 0.5] },
      write: (net, { x }) => ({ y: net.scale("gamma", x!) }),
    });
    expect([...data.y!]).toEqual([10, 1, 30, 2]);
  });
});

describe("attention", () => {
  const attended = (tokens: number, memory: number, width: number, heads: number) =>
    runLayers({
      inputs: { q: [tokens, width], k: [memory, width], v: [memory, width] },
      write: (net, { q, k, v }) => ({ y: net.attention(q!, k!, v!, heads) }),
    });

  it.each([
    [3, 3, 4, 1],
    [3, 3, 4, 2],
    [2, 5, 6, 3],
    [5, 1, 4, 4],
  ])(
    "of %d queries over %d keys, width %d in %d heads, is softmax(q kᵀ / √d) v in each head",
    async (tokens, memory, width, heads) => {
      const { data, declared } = await attended(tokens, memory, width, heads);
      const d = width / heads;
      const expected = range(2).flatMap((n) =>
        range(tokens).flatMap((t) =>
          range(width).map((column) => {
            const head = Math.floor(column / d);
            const scores = range(memory).map((m) =>
              sum(
                range(d).map(
                  (i) =>
                    data.q![(n * tokens + t) * width + head * d + i]! *
                    data.k![(n * memory + m) * width + head * d + i]!,
                ),
              ),
            );
            const weights = scores.map((score) => Math.exp(score / Math.sqrt(d)));
            const mixed = weights.map((weight, m) => weight * data.v![(n * memory + m) * width + column]!);
            return sum(mixed) / sum(weights);
          }),
        ),
      );
      expect(declared.y).toEqual([tokens, width]);
      expect(distance(data.y!, expected)).toBeLessThan(1e-5);
    },
  );

  it("of one key is that key's value, whatever the query", async () => {
    const { data } = await attended(4, 1, 6, 2);
    for (const [i, value] of data.y!.entries())
      expect(value).toBeCloseTo(data.v![Math.floor(i / 24) * 6 + (i % 6)]!, 6);
  });
});

describe("attention within groups", () => {
  it("is that of each group by itself", async () => {
    const { data } = await runLayers({
      inputs: { q: [2, 3, 4], k: [2, 3, 4], v: [2, 3, 4] },
      batch: 1,
      write: (net, { q, k, v }) => {
        const alone = [q!, k!, v!].map((x) => net.reshape(net.rows(x, 1, 2), [3, 4]));
        return {
          y: net.attention(q!, k!, v!, 2),
          second: net.attention(alone[0]!, alone[1]!, alone[2]!, 2),
        };
      },
    });
    expect(distance(data.y!.slice(12), data.second!)).toBeLessThan(1e-6);
  });

  it("sees with a separating mask only tokens of its own kind, whose values it averages by the bias", async () => {
    const { data } = await runLayers({
      inputs: { q: [2, 3, 1], v: [2, 3, 1] },
      batch: 1,
      values: { q: range(6).map(() => 0), v: [1, 2, 4, 8, 16, 32] },
      write: (net, { q, v }) => {
        const bias = net.separating([
          [0, 0, 1],
          [2, 2, 2],
        ]);
        return { y: net.attention(q!, q!, v!, 1, { bias }) };
      },
    });
    expect(distance(data.y!, [1.5, 1.5, 4, 56 / 3, 56 / 3, 56 / 3])).toBeLessThan(1e-5);
  });

  it("takes one learned number for each head and offset of a window's cells", async () => {
    const { data, declared } = await runLayers({
      inputs: { x: [1, 1] },
      batch: 1,
      values: { x: [0], table: range(18) },
      write: (net, { x }) => {
        const bias = net.relativePositionBias("table", 2, 2);
        expect(bias.dims).toEqual([2, 4, 4]);
        return { y: net.add(x!, bias) };
      },
    });
    expect(declared.y).toEqual([2, 4, 4]);
    // Cells 0 to 3 lie at (0, 0), (0, 1), (1, 0), (1, 1); row dy + 1 and column dx + 1 of the table have offset (dy, dx).
    const offsets = range(4).flatMap((q) =>
      range(4).map((k) => 3 * ((q >> 1) - (k >> 1) + 1) + (q & 1) - (k & 1) + 1),
    );
    expect([...data.y!]).toEqual([0, 1].flatMap((head) => offsets.map((at) => 2 * at + head)));
  });
});

describe("gelu", () => {
  it("is the exact one: x Φ(x), which differs from the tanh formula in the fourth digit", async () => {
    const { data } = await runLayers({
      inputs: { x: [1, 5] },
      batch: 1,
      values: { x: [-2, -1, 0, 1, 2] },
      write: (net, { x }) => ({ y: net.gelu(x!) }),
    });
    // Φ(1) = 0.8413447, Φ(2) = 0.9772499, from a table of the normal distribution.
    const expected = [-2 * (1 - 0.9772499), -(1 - 0.8413447), 0, 0.8413447, 2 * 0.9772499];
    expect(distance(data.y!, expected)).toBeLessThan(1e-6);
  });
});
