/** Programs: a signature that fits its graph, typed runs, and what is refused. */
import { describe, expect, expectTypeOf, it } from "vitest";
import { float32, int64, type Tensor } from "../../src/base/index.js";
import {
  bindProgram,
  compileProgram,
  defineProgram,
  openProgram,
  type Program,
  targetOf,
} from "../../src/compile/index.js";
import { emptyGraph, GraphBuilder } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";

/** y = 2x and the largest label; x is called "model/x" in the graph. */
const doubling = () =>
  compileProgram({
    name: "doubling",
    target: "cpu",
    inputs: {
      x: { type: "float32", shape: [2], value: "model/x" },
      labels: { type: "int64", shape: ["N"] },
    },
    outputs: { y: { type: "float32", shape: [2] }, most: { type: "int64", shape: [1], value: "model/most" } },
    write: (build, { x, labels }) => ({
      y: build.mul(x, 2),
      most: build.op("ReduceMax", [labels], { keepdims: 1 }),
    }),
  });

const feeds = { x: float32([2], [1, 3]), labels: int64([3], [4, 9, 1]) };

describe("a program", () => {
  it("takes and gives tensors by the names and types of its signature", async () => {
    const session = await openProgram(doubling());
    const { y, most } = await session.run(feeds);
    expectTypeOf(y).toMatchTypeOf<Tensor<"float32">>();
    expectTypeOf(most).toMatchTypeOf<Tensor<"int64">>();
    expect([...y.data]).toEqual([2, 6]);
    expect([...most.data]).toEqual([9n]);
    await session.dispose();
  });

  it("fills given tensors and leaves out other outputs", async () => {
    const session = await openProgram(doubling());
    const y = float32([2], [0, 0]);
    await session.fill(feeds, { y });
    expect([...y.data]).toEqual([2, 6]);
    await session.dispose();
  });

  it("does not compile with other names and types", () => {
    type Run = Awaited<ReturnType<typeof openProgram<Inputs, Outputs>>>["run"];
    type Inputs = ReturnType<typeof doubling>["signature"]["inputs"];
    type Outputs = ReturnType<typeof doubling>["signature"]["outputs"];
    expectTypeOf<typeof feeds>().toMatchTypeOf<Parameters<Run>[0]>();
    expectTypeOf<{ x: Tensor<"float32"> }>().not.toMatchTypeOf<Parameters<Run>[0]>();
    expectTypeOf<{ x: Tensor<"int64">; labels: Tensor<"int64"> }>().not.toMatchTypeOf<Parameters<Run>[0]>();
  });

  it("names the input that does not fit, what was expected and what came", async () => {
    const session = await openProgram(doubling());
    const run = (inputs: object) => session.run(inputs as typeof feeds);
    await expect(run({ ...feeds, x: float32([3], [1, 2, 3]) })).rejects.toThrow(
      'program "doubling": input "x" must be float32 [2], not float32 [3]',
    );
    await expect(run({ ...feeds, labels: float32([1], [1]) })).rejects.toThrow(
      'input "labels" must be int64 [N], not float32 [1]',
    );
    await expect(run({ x: feeds.x })).rejects.toThrow('input "labels" must be int64 [N], not missing');
    await session.dispose();
  });

  it("binds to a session that was opened elsewhere, whose parameters come with every run", async () => {
    const build = new GraphBuilder(emptyGraph("scaling", 18));
    for (const name of ["x", "scale"]) build.input(name, "float32", [2]);
    build.output(build.mul("x", "scale"), "y");
    const vector = { type: "float32", shape: [2] } as const;
    const program = defineProgram(build.graph, {
      inputs: { x: vector },
      outputs: { y: vector },
      parameters: { scale: vector },
      results: {},
    });
    const session = bindProgram(program, await openSession(program.graph));
    const { y } = await session.run({ x: feeds.x }, { scale: float32([2], [10, 100]) });
    expect([...y.data]).toEqual([10, 300]);
    await session.dispose();
  });
});

describe("a signature that does not fit its graph", () => {
  const graph = () => {
    const build = new GraphBuilder(emptyGraph("test", 18));
    build.output(build.neg(build.input("x", "float32", [2])), "y");
    return build.graph;
  };
  const spec = { type: "float32", shape: [2] } as const;
  const define = (signature: Partial<Program["signature"]>) => () =>
    defineProgram(graph(), {
      inputs: { x: spec },
      outputs: { y: spec },
      parameters: {},
      results: {},
      ...signature,
    });

  it("is refused", () => {
    expect(define({})).not.toThrow();
    expect(define({ inputs: {} })).toThrow('the signature lacks the input "x"');
    expect(define({ inputs: { x: spec, z: spec } })).toThrow(
      "the graph's inputs are x, the signature's x, z",
    );
    expect(define({ inputs: { x: { type: "float32", shape: [3] } } })).toThrow(
      "is float32 [2], not float32 [3]",
    );
    expect(define({ inputs: { x: { type: "int64", shape: [2] } } })).toThrow("is float32 [2], not int64 [2]");
    expect(define({ outputs: { z: spec } })).toThrow("the graph's outputs are y, the signature's z");
  });

  it("is refused where a model already has a value of an input's name", () => {
    const types = new Map([["x", spec]]);
    const compile = () =>
      compileProgram({
        ...{ name: "test", target: "cpu", model: { graph: graph(), types } },
        ...{ inputs: { y: spec }, outputs: { z: spec }, write: (build, { y }) => ({ z: build.neg(y!) }) },
      });
    expect(compile).toThrow('already has a value named "y"; rename it in the model');
  });

  it("is refused where an output is not written", () => {
    const compile = () =>
      compileProgram({
        ...{ name: "test", target: "cpu", inputs: { x: spec }, outputs: { y: spec } },
        write: () => ({}) as { y: string },
      });
    expect(compile).toThrow('program "test" does not write its output "y"');
  });
});

it("devices other than the CPU share a target", () => {
  expect([undefined, "cpu", "cuda", "webgpu"].map((device) => targetOf(device as "cpu"))).toEqual([
    "cpu",
    "cpu",
    "gpu",
    "gpu",
  ]);
});
