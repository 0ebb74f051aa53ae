/** Sums over broadcast axes, against sums in plain numbers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sumOver, unbroadcast } from "../../src/autodiff/index.js";
import { float32, sizeOf } from "../../src/base/index.js";
import { lower, type Target } from "../../src/compile/index.js";
import { type Graph, GraphBuilder } from "../../src/onnx/index.js";
import { evaluate, graphOf } from "../helpers/gradients.js";
import { targets } from "../helpers/operators.js";

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 });

function counted(dims: readonly number[]) {
  return float32(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, (_, i) => (i * 37) % 101),
  );
}

/** Sums of the elements of `dims` whose coordinates agree once those along `axes` are set to 0. */
function summed(dims: readonly number[], axes: readonly number[]): number[] {
  const kept = dims.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const sums = Array(sizeOf(kept)).fill(0) as number[];
  counted(dims).data.forEach((value, i) => {
    let rest = i;
    let place = 0;
    let stride = 1;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      if (kept[axis] !== 1) place += stride * (rest % dims[axis]!);
      stride *= kept[axis]!;
      rest = Math.floor(rest / dims[axis]!);
    }
    sums[place]! += value;
  });
  return sums;
}

/** The graph with composite operators as a target writes them. */
const lowered = (graph: Graph, target: Target) => lower(new GraphBuilder(graph), new Map(), target);

describe.each(targets)("sums over axes, written for %s", (target) => {
  it("equal plain sums for every shape and set of axes", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(31), async (dims, bits) => {
        const axes = dims.flatMap((_, axis) => ((bits >> axis) & 1 ? [axis] : []));
        const feeds = { x: counted(dims) };
        const { y } = await evaluate(
          lowered(
            graphOf(feeds, (b) => ({ y: sumOver(b, "x", dims, axes) })),
            target,
          ),
          feeds,
        );
        expect(y!.dims).toEqual(dims.map((length, axis) => (axes.includes(axis) ? 1 : length)));
        expect(Array.from(y!.data as Float32Array)).toEqual(summed(dims, axes));
      }),
      { numRuns: 60, seed: 3 },
    );
  });
});

const operators = (dims: number[], axes: number[], target: Target) => {
  const graph = graphOf({ x: counted(dims) }, (b) => ({ y: sumOver(b, "x", dims, axes) }));
  return lowered(graph, target).nodes.map(({ op }) => op);
};

it("sums on the CPU multiply by ones where the axes lie before others, and leave lengths of 1 alone", () => {
  expect(operators([1, 6, 4, 4], [1], "cpu")).toContain("MatMul");
  expect(operators([2, 6, 4, 4], [0, 1], "cpu")).toContain("MatMul");
  expect(operators([2, 6, 4, 4], [2, 3], "cpu")).toEqual(["ReduceSum", "Identity"]);
  expect(operators([2, 6, 4, 4], [0, 2], "cpu")).toEqual(["ReduceSum", "Identity"]);
  expect(operators([2, 1, 4], [1], "cpu")).toEqual(["Identity"]);
});

it.each(["portable", "gpu"] as const)("sums for %s are ReduceSum", (target) => {
  expect(operators([1, 6, 4, 4], [1], target)).toEqual(["ReduceSum", "Identity"]);
});

describe("undoing a broadcast", () => {
  it("gives the shape that was broadcast, and the sum over its copies", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(31), fc.nat(4), async (from, bits, drop) => {
        const axes = from.flatMap((_, axis) => ((bits >> axis) & 1 || axis < drop ? [axis] : []));
        const to = from.map((length, axis) => (axes.includes(axis) ? 1 : length)).slice(drop);
        const feeds = { x: counted(from) };
        const { y } = await evaluate(
          lowered(
            graphOf(feeds, (b) => ({ y: unbroadcast(b, "x", from, to) })),
            "cpu",
          ),
          feeds,
        );
        expect(y!.dims).toEqual(to);
        expect(Array.from(y!.data as Float32Array)).toEqual(summed(from, axes));
      }),
      { numRuns: 60, seed: 4 },
    );
  });
});
