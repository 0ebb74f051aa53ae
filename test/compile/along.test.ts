/** Maps along an axis: every way of writing one gives what its taps say. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AxisMap,
  identity,
  type PadMode,
  padding,
  picks,
  transposed,
} from "../../src/autodiff/fragments/taps.js";
import { float32, randomStream, sizeOf } from "../../src/base/index.js";
import {
  type AlongForms,
  applyAlong,
  applyAlongAxes,
  cpuForms,
  plainForms,
} from "../../src/compile/lower/along.js";
import { blocksOf, workOf } from "../../src/compile/lower/facts/maps.js";
import { emptyGraph, GraphBuilder } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";
import { applyTaps, largestDifference } from "../helpers/maps.js";

/** Writes the maps, runs them, compares with the taps; returns the operators written. */
async function check(
  shape: readonly number[],
  maps: ReadonlyMap<number, AxisMap>,
  forms: AlongForms = cpuForms,
): Promise<string[]> {
  const graph = emptyGraph("along", 18);
  const build = new GraphBuilder(graph);
  const x = build.input("x", "float32", shape);
  const only = [...maps][0]!;
  const y =
    maps.size === 1
      ? applyAlong(build, x, shape, ...only, forms)
      : applyAlongAxes(build, x, { shape, maps }, forms);
  build.output(y, "y");
  const values = randomStream("along", ...shape).uniform(sizeOf(shape), -1, 1);

  const current = [...shape];
  let expected: Float64Array = Float64Array.from(values);
  for (const [axis, map] of maps) {
    expected = applyTaps(expected, current, axis, map);
    current[axis] = map.taps.length;
  }
  const session = await openSession(graph, { threads: 1 });
  const result = (await session.run({ x: float32(shape, values) })).y!;
  await session.dispose();
  expect(result.dims).toEqual(current);
  expect(largestDifference(result.data as Float32Array, expected)).toBeLessThan(1e-5);
  return graph.nodes.map((node) => node.op).filter((op) => op !== "Identity" && op !== "ConstantOfShape");
}

const along = (shape: readonly number[], axis: number, map: AxisMap, forms?: AlongForms) =>
  check(shape, new Map([[axis, map]]), forms);
const range = (length: number, step = 1) => Array.from({ length }, (_, i) => i * step);

describe("ways of writing a map", () => {
  it.each([0, 1, 2])("chooses by what the map does, along axis %i", async (axis) => {
    const shape = [6, 6, 6];
    const ways: [AxisMap, string[]][] = [
      [identity(6), []],
      [transposed(picks([0, 0, 0, 1, 1, 1], 2)), ["Reshape", "ReduceSum"]],
      [transposed(picks([1, 3, 5, 7, 9, 11], 13)), ["Reshape", "Concat", "Reshape", "Pad"]],
      [transposed(picks([12, 10, 8, 6, 4, 2], 14)), ["Slice", "Reshape", "Concat", "Reshape", "Pad"]],
      [transposed(picks(range(6), 9)), ["Pad"]],
      [picks([2, 3], 6), ["Slice"]],
      [picks([5, 4, 3, 2, 1, 0], 6), ["Slice"]],
      [picks([0, 1, 4, 5], 6), ["Slice", "Slice", "Concat"]],
      [picks([-1, -1], 6), []],
      [transposed(padding("edge", 3, 2, 1)), ["Slice", "ReduceSum", "Slice", "Slice", "ReduceSum", "Concat"]],
      [
        picks([...range(12).map((i) => (i * 2) % 6), -1, ...range(5).map((i) => (i * 2) % 6)], 6),
        ["Pad", "Gather"],
      ],
      [
        {
          inputs: 6,
          taps: [
            [
              { from: 1, weight: 0.25 },
              { from: 2, weight: 0.75 },
            ],
            [],
          ],
        },
        axis === 0 ? ["Reshape", "MatMul", "Reshape"] : ["MatMul"],
      ],
    ];
    for (const [map, operators] of ways) expect(await along(shape, axis, map)).toEqual(operators);
  });

  it("gives empty and zero tensors", async () => {
    expect(await along([2, 0, 3], 1, { inputs: 0, taps: [[], []] })).toEqual([]);
    expect(await along([2, 3], 1, picks([], 3))).toEqual([]);
  });

  it("cuts large banded products into blocks", async () => {
    const band = (length: number): AxisMap => ({
      inputs: 2 * length,
      taps: range(length).map((o) => [
        { from: 2 * o, weight: 0.5 },
        { from: 2 * o + 1, weight: 0.25 },
      ]),
    });
    expect(workOf(blocksOf(band(128), 64))).toBe(4 * 32 * 64);
    const operators = await along([30, 256, 64], 1, band(128));
    expect(operators.filter((op) => op === "MatMul")).toHaveLength(4);
    expect(await along([2, 256, 4], 1, band(128))).toEqual(["MatMul"]);
  });

  it("shrinks the axis first that leaves the least work, and maps every axis", async () => {
    const halves = (length: number) =>
      transposed(
        picks(
          range(2 * length).map((i) => i >> 1),
          length,
        ),
      );
    const doubles = { inputs: 3, taps: range(6).map((o) => [{ from: o >> 1, weight: 0.5 }]) };
    expect(
      await check(
        [2, 3, 4, 6],
        new Map([
          [1, doubles],
          [2, halves(2)],
          [3, halves(3)],
        ]),
      ),
    ).toEqual(["Reshape", "ReduceSum", "Reshape", "ReduceSum", "Reshape", "MatMul", "Reshape"]);
  });
});

describe("random maps", () => {
  const length = fc.integer({ min: 1, max: 9 });
  const mode = fc.constantFrom<PadMode>("edge", "reflect", "wrap");
  const index = (inputs: number) => fc.integer({ min: -1, max: inputs - 1 });
  const picked = length.chain((inputs) =>
    fc.array(index(inputs), { maxLength: 12 }).map((indices) => picks(indices, inputs)),
  );
  const padded = fc
    .record({
      mode,
      inputs: length,
      before: fc.integer({ min: -4, max: 8 }),
      after: fc.integer({ min: -4, max: 8 }),
    })
    .filter(({ inputs, before, after }) => inputs + Math.min(0, before) + Math.min(0, after) > 0)
    .map(({ mode, inputs, before, after }) => padding(mode, inputs, before, after));
  const stepped = fc
    .record({
      start: fc.nat(3),
      step: fc.integer({ min: 1, max: 4 }),
      count: length,
      rest: fc.nat(9),
      back: fc.boolean(),
    })
    .map(({ start, step, count, rest, back }) => {
      const indices = range(count, step).map((i) => start + i);
      return picks(back ? indices.reverse() : indices, start + step * count + rest);
    });
  const weighted = length.chain((inputs) => {
    const tap = fc.record({ from: fc.nat(inputs - 1), weight: fc.constantFrom(1, 0.5, -2) });
    return fc
      .array(fc.array(tap, { maxLength: 4 }), { maxLength: 9 })
      .map((taps): AxisMap => ({ inputs, taps }));
  });

  it("and their adjoints are written correctly", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(picked, padded, stepped, weighted),
        fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
        fc.nat(2),
        async (map, [a, b], axis) => {
          for (const each of [map, transposed(map)]) {
            const shape = [a, b].toSpliced(axis, 0, each.inputs);
            for (const forms of [cpuForms, plainForms]) await along(shape, axis, each, forms);
          }
        },
      ),
      { numRuns: 120 },
    );
  });

  it("have the transposed matrix as adjoint", () => {
    fc.assert(
      fc.property(weighted, (map) => {
        const x = Float64Array.from({ length: map.inputs }, (_, i) => i + 1);
        const g = Float64Array.from({ length: map.taps.length }, (_, i) => 3 - i);
        const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
        const forward = dot(applyTaps(x, [x.length], 0, map), g);
        expect(dot(applyTaps(g, [g.length], 0, transposed(map)), x)).toBeCloseTo(forward, 9);
      }),
    );
  });
});
