/** All targets compute the same on random small graphs, against plain loops; and what programs refuse. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AxisOperator, axisProducts } from "../../src/autodiff/fragments/composites.js";
import type { AxisMap } from "../../src/autodiff/fragments/taps.js";
import { float32, randomStream, sizeOf, type Tensor } from "../../src/base/index.js";
import { bindProgram, defineProgram, lower, type Target } from "../../src/compile/index.js";
import { emptyGraph, GraphBuilder, type Value } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";
import { applyTaps, largestDifference } from "../helpers/maps.js";

const targets: readonly Target[] = ["portable", "cpu", "gpu"];

async function compute(
  target: Target,
  write: (build: GraphBuilder) => Value,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Float64Array> {
  const build = new GraphBuilder(emptyGraph("random", 18));
  build.output(write(build), "y");
  const session = await openSession(lower(build, new Map(), target), { threads: 1 });
  const { y } = await session.run(feeds);
  await session.dispose();
  return Float64Array.from(y!.data as Float32Array);
}

/** Numbers that are not subnormal, of which composite operators promise less. */
const normal = fc.double({ noNaN: true, min: -9, max: 9 }).filter((value) => Math.abs(value) > 1e-30);

/** A linear map from lines of `inputs` numbers: each output sums up to three weighted inputs. */
const axisMap = fc.integer({ min: 1, max: 7 }).chain((inputs) => {
  const tap = fc.record({
    from: fc.integer({ min: 0, max: inputs - 1 }),
    weight: fc.integer({ min: -4, max: 4 }).map((quarters) => quarters / 4),
  });
  const output = fc.uniqueArray(tap, { maxLength: 3, selector: ({ from }) => from });
  return fc.array(output, { minLength: 1, maxLength: 7 }).map((taps): AxisMap => ({ inputs, taps }));
});

describe.each(targets)("target %s", (target) => {
  it.each<AxisOperator>(["AxisProducts", "ResizeGradient", "PoolGradient"])(
    "%s maps both spatial axes as sums of taps do",
    async (operator) => {
      await fc.assert(
        fc.asyncProperty(axisMap, axisMap, fc.nat(99), async (rows, columns, key) => {
          const shape = [2, 3, rows.inputs, columns.inputs];
          const values = randomStream("maps", key).uniform(sizeOf(shape), -1, 1);
          const first = applyTaps(Float64Array.from(values), shape, 2, rows);
          const wanted = applyTaps(first, [2, 3, rows.taps.length, columns.inputs], 3, columns);
          const write = (b: GraphBuilder) =>
            axisProducts(
              b,
              operator,
              b.op("Identity", [b.input("x", "float32", shape)]),
              shape,
              new Map([
                [2, rows],
                [3, columns],
              ]),
            );
          const found = await compute(target, write, { x: float32(shape, values) });
          expect(largestDifference(found, wanted)).toBeLessThan(1e-5);
        }),
        { numRuns: 15 },
      );
    },
  );

  it("tells signs and positive numbers as plain comparisons do", async () => {
    const number = fc.oneof(fc.constantFrom(0, -0, 2e-38, -2e-38), normal);
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 20 }), async (list) => {
        const x = float32([list.length], list);
        const values = [...x.data];
        const input = (b: GraphBuilder) => b.input("x", "float32", [list.length]);
        const signs = await compute(target, (b) => b.composite("SignOf", [input(b)], {}), { x });
        const positive = await compute(target, (b) => b.composite("IsPositive", [input(b)], {}), { x });
        expect(largestDifference(signs, values.map(Math.sign))).toBe(0);
        expect(
          largestDifference(
            positive,
            values.map((value) => Number(value > 0)),
          ),
        ).toBe(0);
      }),
      { numRuns: 15 },
    );
  });
});

describe("a program", () => {
  const vector = { type: "float32", shape: [2] } as const;
  const graph = () => {
    const build = new GraphBuilder(emptyGraph("adding", 18));
    for (const name of ["a", "b"]) build.input(name, "float32", [2]);
    build.output(build.add("a", "b"), "sum");
    build.output(build.sub("a", "b"), "difference");
    return build.graph;
  };
  const fitting = {
    inputs: { a: vector, b: vector },
    outputs: { sum: vector, difference: vector },
    parameters: {},
    results: {},
  };

  it.each([
    ["lacks an input", { inputs: { a: vector } }, 'the signature lacks the input "b"'],
    [
      "has an input more",
      { inputs: { ...fitting.inputs, c: vector } },
      "the graph's inputs are a, b, the signature's a, b, c",
    ],
    [
      "has a parameter more",
      { parameters: { w: vector } },
      "the graph's inputs are a, b, the signature's a, b, w",
    ],
    [
      "has another type",
      { inputs: { a: { type: "int64", shape: [2] }, b: vector } },
      'input "a" is float32 [2], not int64 [2]',
    ],
    [
      "has another length",
      { inputs: { a: { type: "float32", shape: [3] }, b: vector } },
      'input "a" is float32 [2], not float32 [3]',
    ],
    [
      "has another rank",
      { inputs: { a: { type: "float32", shape: [2, 1] }, b: vector } },
      "not float32 [2, 1]",
    ],
    [
      "leaves a length open",
      { inputs: { a: { type: "float32", shape: ["N"] }, b: vector } },
      "not float32 [N]",
    ],
    [
      "lacks an output",
      { outputs: { sum: vector } },
      "the graph's outputs are difference, sum, the signature's sum",
    ],
    ["has a result more", { results: { "grad/w": vector } }, "the signature's difference, grad/w, sum"],
    [
      "reads another value",
      { outputs: { ...fitting.outputs, sum: { ...vector, value: "total" } } },
      "the signature's difference, total",
    ],
  ] as const)("is refused where its signature %s", (_, change, message) => {
    const signature = { ...fitting, ...change } as Parameters<typeof defineProgram>[1];
    expect(() => defineProgram(graph(), signature)).toThrow(message);
    expect(() => defineProgram(graph(), signature)).toThrow('program "adding": ');
  });

  it("may count a tensor among inputs or parameters, outputs or results", () => {
    const split = {
      inputs: { a: vector },
      parameters: { b: vector },
      outputs: { sum: vector },
      results: { difference: vector },
    };
    expect(defineProgram(graph(), split).signature).toBe(split);
    expect(defineProgram(graph(), fitting).signature).toBe(fitting);
  });

  it("hands the engine the graph's names and gives back the signature's", async () => {
    const asked: string[][] = [];
    const session = {
      run: async (feeds: Readonly<Record<string, Tensor>>) => {
        asked.push(Object.keys(feeds).sort());
        return { sum: feeds.a!, difference: feeds.b! };
      },
      dispose: async () => {},
    };
    const renamed = {
      ...fitting,
      inputs: { left: { ...vector, value: "a" }, right: { ...vector, value: "b" } },
      outputs: { total: { ...vector, value: "sum" }, difference: vector },
    };
    const bound = bindProgram(defineProgram(graph(), renamed), session);
    const [left, right] = [float32([2], [1, 2]), float32([2], [3, 4])];
    expect(await bound.run({ left, right })).toEqual({ total: left, difference: right });
    expect(asked).toEqual([["a", "b"]]);
  });
});
