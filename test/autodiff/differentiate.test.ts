/** The walk: which nodes it visits, how it sums, what it says when it cannot go on. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differentiate } from "../../src/autodiff/index.js";
import { float32, int64, type Tensor } from "../../src/base/index.js";
import { lower, trace } from "../../src/compile/index.js";
import { copyGraph, type Graph, GraphBuilder, type Value } from "../../src/onnx/index.js";
import { evaluate, type Feeds, gradientsOf, graphOf, slopes } from "../helpers/gradients.js";

const vector = (...values: number[]) => float32([values.length], values);

describe("sums", () => {
  it("adds what comes back over every branch of a fan-out", async () => {
    const feeds = { x: vector(1, -2) };
    const graph = graphOf(feeds, (b) => ({ y: b.add(b.add(b.mul("x", "x"), b.mul("x", 3)), "x") }));
    expect(await gradientsOf(graph, feeds)).toEqual({ x: [6, 0] });
  });

  it("adds over several outputs, one of which lies on the way to another", async () => {
    const feeds = { x: vector(1, -2) };
    const graph = graphOf(feeds, (b) => {
      const double = b.mul("x", 2);
      return { double, square: b.mul(double, double) };
    });
    // 2 + 8x
    expect(await gradientsOf(graph, feeds)).toEqual({ x: [10, -14] });
  });

  it("weights each output by its seed", async () => {
    const feeds = { x: vector(1, -2) };
    const graph = graphOf(feeds, (b) => ({ y: b.mul("x", 3) }));
    expect(await gradientsOf(graph, feeds, { seeds: { y: vector(2, -1) } })).toEqual({ x: [6, -3] });
  });

  it("counts one value in two places of one node twice", async () => {
    const feeds = { x: vector(2) };
    expect(
      await gradientsOf(
        graphOf(feeds, (b) => ({ y: b.op("Sum", ["x", "x", "x"]) })),
        feeds,
      ),
    ).toEqual({
      x: [3],
    });
  });

  it("is a seed itself where the value asked for is the one seeded", async () => {
    const feeds = { x: vector(2) };
    const graph = graphOf(feeds, (b) => ({ y: b.mul("x", "x") }));
    expect(await gradientsOf(graph, feeds, { wrt: ["y"], seeds: { y: vector(5) } })).toEqual({ y: [5] });
  });
});

describe("broadcasting is undone", () => {
  it.each([
    [
      [2, 3, 1],
      [1, 3, 4],
    ],
    [[3], [2, 1, 3]],
    [[], [2, 2]],
    [[1, 1, 1], [2]],
    [
      [2, 1, 2, 1],
      [2, 1, 2],
    ],
  ])("%j and %j", async (a, b) => {
    const count = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);
    const ones = (dims: readonly number[]) => float32(dims, new Float32Array(count(dims)).fill(1));
    const feeds = { a: ones(a), b: ones(b) };
    const graph = graphOf(feeds, (build) => ({ y: build.add("a", "b") }));
    const size = count((await evaluate(graph, feeds)).y!.dims);
    const gradients = await gradientsOf(graph, feeds);
    expect(gradients.a).toEqual(Array(count(a)).fill(size / count(a)));
    expect(gradients.b).toEqual(Array(count(b)).fill(size / count(b)));
  });
});

describe("what is asked for", () => {
  const feeds = { x: vector(1, 2) };
  const graph = graphOf(feeds, (b) => {
    b.graph.initializers.set("weight", vector(3, 4));
    const scaled = b.within("scaled", () => b.mul("x", "weight"));
    return { y: b.mul(scaled, scaled) };
  });
  const scaled = "scaled/Mul:0";

  it("may be an initializer", async () => {
    expect(await gradientsOf(graph, feeds, { wrt: ["weight"] })).toEqual({ weight: [6, 32] });
  });

  it("may be a value within the graph", async () => {
    expect(await gradientsOf(graph, feeds, { wrt: [scaled] })).toEqual({ [scaled]: [6, 16] });
  });

  it("may be several values, one behind another", async () => {
    expect(await gradientsOf(graph, feeds, { wrt: ["x", "weight", scaled] })).toEqual({
      x: [18, 64],
      weight: [6, 32],
      [scaled]: [6, 16],
    });
  });

  it("is zero where no path leads to a seed", async () => {
    const two = { x: vector(1, 2), unused: float32([2, 1], [5, 6]), floored: vector(1.5) };
    const parted = graphOf(two, (b) => ({
      y: b.add("x", b.op("Floor", ["floored"])),
      other: b.exp("unused"),
    }));
    const gradients = await gradientsOf(parted, two, { seeds: { y: vector(1, 1) } });
    expect(gradients).toEqual({ x: [1, 1], unused: [0, 0], floored: [0] });
    const inShape = await shapesOf(parted, two, "y");
    expect(inShape).toEqual({ x: [2], unused: [2, 1], floored: [1] });
  });
});

/** Shapes of the gradients of the feeds. */
async function shapesOf(graph: Graph, feeds: Feeds, output: Value) {
  const { build, gradients } = await differentiated(graph, feeds, output, Object.keys(feeds));
  for (const [name, gradient] of gradients) build.output(gradient, `gradient of ${name}`);
  const results = await evaluate(lower(build, new Map(), "cpu"), feeds);
  return Object.fromEntries(
    [...gradients.keys()].map((name) => [name, results[`gradient of ${name}`]!.dims]),
  );
}

/** The builder after differentiation; the seed is all ones. */
async function differentiated(graph: Graph, feeds: Feeds, output: Value, wrt: readonly Value[]) {
  const { graph: traced, types } = await trace(graph, { feeds });
  const build = new GraphBuilder(copyGraph(traced));
  const { shape } = types.get(output)!;
  const size = shape.reduce((a, b) => a * b, 1);
  const seed = build.constant(float32(shape, new Float32Array(size).fill(1)), "seed");
  const gradients = differentiate(build, { seeds: new Map([[output, seed]]), wrt, types });
  return { traced, build, gradients };
}

describe("the path", () => {
  it("is all that is visited: other inputs and branches get no nodes", async () => {
    const feeds = { x: vector(1, 2), z: vector(3, 4) };
    const graph = graphOf(feeds, (b) => {
      const onPath = b.within("on", () =>
        b.mul(
          "x",
          b.within("off", () => b.exp("z")),
        ),
      );
      return { y: b.within("on", () => b.exp(onPath)), other: b.within("off", () => b.exp(onPath)) };
    });
    const { traced, build } = await differentiated(graph, feeds, "y", ["x"]);
    const added = build.graph.nodes.slice(traced.nodes.length).map(({ name, op }) => `${name}:${op}`);
    expect(added).toEqual(["grad/on/Exp/Mul:Mul", "grad/on/Mul/Mul:Mul"]);
  });

  it("leaves the forward nodes as they are, and writes after them", async () => {
    const feeds = { x: vector(1, 2) };
    const { traced, build } = await differentiated(
      graphOf(feeds, (b) => ({ y: b.exp(b.mul("x", "x")) })),
      feeds,
      "y",
      ["x"],
    );
    expect(build.graph.nodes.slice(0, traced.nodes.length)).toEqual(traced.nodes);
  });

  it("ends at integers, also where they become floats again", async () => {
    const feeds = { x: vector(1.5, 2.5), i: int64([2], [1, 2]) };
    const graph = graphOf(feeds, (b) => {
      const whole = b.cast(b.cast("x", "int64"), "float32");
      const index = b.cast(b.add("i", "i"), "float32");
      return { y: b.mul(b.mul("x", whole), index) };
    });
    expect(await gradientsOf(graph, feeds)).toEqual({ x: [2, 8] });
  });

  it("leads through other float types", async () => {
    const feeds = { x: vector(1.5, 2.5) };
    for (const type of ["float64", "float16"] as const) {
      const graph = graphOf(feeds, (b) => ({ y: b.mul(b.cast(b.cast("x", type), "float32"), "x") }));
      expect(await gradientsOf(graph, feeds)).toEqual({ x: [3, 5] });
    }
  });

  it("goes past operators without a rule that lie beside it", async () => {
    const feeds = { x: vector(1, 2), z: vector(3, 4) };
    const graph = graphOf(feeds, (b) => {
      const beside = b.op("CumProd", ["z", b.constant(int64([], [0]))]);
      return { y: b.mul("x", beside), other: b.op("CumProd", ["x", b.constant(int64([], [0]))]) };
    }, 26); // biome-ignore format: one line
    expect(await gradientsOf(graph, feeds, { wrt: ["x"], seeds: { y: vector(1, 1) } })).toEqual({
      x: [3, 12],
    });
  });
});

describe("an operator without a rule", () => {
  const blocked = (before: number, after: number) => {
    const feeds = { image: vector(1, 2) };
    const graph = graphOf(feeds, (b) => {
      let value = "image";
      for (let i = 0; i < before; i++) value = b.within(`layer${i}`, () => b.exp(value));
      value = b.within("decoder", () => b.op("CumProd", [value, b.constant(int64([], [0]))]));
      for (let i = 0; i < after; i++) value = b.exp(value);
      return { y: value };
    }, 26); // biome-ignore format: one line
    return gradientsOf(graph, feeds);
  };

  it("is named, with the way to it and what to do", async () => {
    await expect(blocked(1, 1)).rejects.toMatchObject({
      code: "unsupported",
      message:
        'CumProd "decoder/CumProd": operator CumProd has no gradient rule, and it lies between the image and the logits ' +
        '(image → Exp "layer0/Exp" → CumProd "decoder/CumProd"); ' +
        "export the model with standard operators (docs/rules.md lists those that can be differentiated)",
    });
  });

  it("is reached from the value that leads to it, whichever that is", async () => {
    const feeds = { image: vector(1, 2), weight: vector(3, 4) };
    const axis = int64([], [0]);
    const graph = graphOf(
      feeds,
      (b) => ({ y: b.mul("image", b.op("CumProd", ["weight", b.constant(axis)])) }),
      26,
    );
    await expect(gradientsOf(graph, feeds)).rejects.toThrow('(weight → CumProd "CumProd")');
  });

  it("at the end of a long way leaves the middle out", async () => {
    await expect(blocked(9, 0)).rejects.toThrow(
      /\(image → Exp "layer0\/Exp" → Exp "layer1\/Exp" → Exp "layer2\/Exp" → … 5 more … → Exp "layer8\/Exp" → CumProd "decoder\/CumProd"\)/,
    );
  });

  it("of another domain is named with it", () => {
    const graph = graphOf({ x: vector(1) }, (b) => ({ y: b.op("Relu", ["x"]) }));
    graph.nodes[0] = { ...graph.nodes[0]!, domain: "com.example" };
    const type = { type: "float32", shape: [1] } as const;
    const types = new Map([...["x", "y"], graph.nodes[0]!.outputs[0]!].map((name) => [name, type]));
    const request = { seeds: new Map([["y", "x"]]), wrt: ["x"], types };
    expect(() => differentiate(new GraphBuilder(graph), request)).toThrow(
      /operator com\.example\.Relu has no gradient rule/,
    );
  });
});

const functions = ["Sin", "Tanh", "Sigmoid", "Erf", "Atan", "Softsign"];
const operations = ["Add", "Sub", "Mul", "Mean", "PRelu"];
const shapes = [[2, 3], [3], [1, 3], [2, 1], []];

/** A node reads values by their distance from the end of the list, so that the graphs grow deep. */
const steps = fc.array(
  fc.record({
    op: fc.oneof(fc.constantFrom(...functions), fc.constantFrom(...operations)),
    first: fc.nat(3),
    second: fc.nat(6),
  }),
  { minLength: 3, maxLength: 16 },
);

describe("random graphs", () => {
  it("have the gradients that differences give", async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.array(fc.constantFrom(...shapes), { minLength: 1, maxLength: 3 }),
        async (list, dims) => {
          const feeds: Feeds = Object.fromEntries(dims.map((shape, i) => [`x${i}`, drawn(shape, i)]));
          const graph = graphOf(feeds, (b) => ({
            y: b.op("Identity", [randomGraph(b, Object.keys(feeds), list)]),
          }));
          const { byRules, byDifferences, scale } = await slopes(graph, feeds, "y", 1);
          expect(Math.abs(byRules - byDifferences)).toBeLessThan(1e-3 * Math.max(scale, 0.05));
        },
      ),
      { numRuns: 40, seed: 7 },
    );
  });
});

function randomGraph(
  b: GraphBuilder,
  inputs: readonly Value[],
  list: readonly { op: string; first: number; second: number }[],
): Value {
  const values = [...inputs];
  const read = (distance: number) => values[Math.max(0, values.length - 1 - distance)]!;
  for (const { op, first, second } of list) {
    const unary = functions.includes(op);
    // A slope's shape must broadcast to the value's.
    const pair =
      op === "PRelu"
        ? [b.add(b.op("Sigmoid", [read(first)]), 0.1), b.scalar(0.3)]
        : [read(first), read(second)];
    const value = b.op(op, unary ? [read(first)] : pair);
    // Products of sums would grow beyond what differences resolve.
    values.push(unary ? value : b.op("Sin", [value]));
  }
  return values[values.length - 1]!;
}

function drawn(shape: readonly number[], i: number): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return float32(
    shape,
    Float32Array.from({ length: size }, (_, k) => Math.sin(3 * k + 5 * i + 1)),
  );
}
