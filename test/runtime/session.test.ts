/** Sessions: opening, running, filling given buffers, and the errors of each. */
import { afterAll, describe, expect, it } from "vitest";
import { float32, int64 } from "../../src/base/index.js";
import { emptyGraph, type Graph, GraphBuilder } from "../../src/onnx/index.js";
import { devices, engineVersion, openSession } from "../../src/runtime/index.js";

/** sum = x + y, double = 2x, index = the position of the largest x. */
function arithmetic(): Graph {
  const build = new GraphBuilder(emptyGraph("arithmetic", 18));
  const [x, y] = ["x", "y"].map((name) => build.input(name, "float32", [3]));
  build.output(build.add(x!, y!), "sum");
  build.output(build.mul(x!, 2), "double");
  build.output(build.op("ArgMax", [x!], { axis: 0 }), "index");
  return build.graph;
}

const feeds = { x: float32([3], [1, 5, 2]), y: float32([3], [10, 20, 30]) };

describe("an open session", async () => {
  const session = await openSession(arithmetic(), { threads: 1 });
  afterAll(() => session.dispose());

  it("knows the types of its outputs", () => {
    expect(Object.fromEntries(session.outputTypes)).toEqual({
      sum: "float32",
      double: "float32",
      index: "int64",
    });
  });

  it("computes every output, in its type and shape", async () => {
    expect(await session.run(feeds)).toEqual({
      sum: float32([3], [11, 25, 32]),
      double: float32([3], [2, 10, 4]),
      index: int64([1], [1]),
    });
  });

  it("computes the outputs that are named, and no others", async () => {
    expect(await session.run(feeds, ["double"])).toEqual({ double: float32([3], [2, 10, 4]) });
  });

  it("writes into given tensors, and returns them", async () => {
    const sum = float32([3], new Float32Array(3));
    const results = await session.run(feeds, { sum });
    expect([...sum.data]).toEqual([11, 25, 32]);
    expect(Object.keys(results)).toEqual(["sum"]);
  });

  it("leaves its feeds as they are", async () => {
    await session.run(feeds);
    expect([...feeds.x.data, ...feeds.y.data]).toEqual([1, 5, 2, 10, 20, 30]);
  });

  it.each([
    ["a missing feed", { x: feeds.x }, /y/],
    ["a feed of another shape", { ...feeds, y: float32([2], [1, 2]) }, /y|dimension/i],
    ["a feed of another type", { ...feeds, y: int64([3], [1, 2, 3]) }, /type/i],
  ])("names the graph and the engine's reason for %s", async (_, wrong, reason) => {
    const run = session.run(wrong);
    await expect(run).rejects.toMatchObject({ code: "model" });
    await expect(run).rejects.toThrow(/^arithmetic: running it failed: /);
    await expect(run).rejects.toThrow(reason);
  });
});

describe("opening", () => {
  const refused = () => {
    const build = new GraphBuilder(emptyGraph("refused", 18));
    build.output(build.op("NoSuchOperator", [build.input("x", "float32", [1])]), "y");
    return build.graph;
  };

  it("names the graph, or a label, where the engine refuses it", async () => {
    await expect(openSession(refused())).rejects.toMatchObject({ code: "model" });
    await expect(openSession(refused())).rejects.toThrow(
      /^refused: ONNX Runtime refuses it: .*NoSuchOperator/s,
    );
    await expect(openSession(refused(), { label: "my model" })).rejects.toThrow(/^my model: /);
  });

  it("runs a graph as written, without the engine's rewriting", async () => {
    const session = await openSession(arithmetic(), { optimization: "none" });
    expect((await session.run(feeds)).sum).toEqual(float32([3], [11, 25, 32]));
    await session.dispose();
  });
});

it("the engine names itself and a CPU", () => {
  expect(engineVersion.name).toBe("onnxruntime-node");
  expect(engineVersion.version).toMatch(/^\d+\.\d+/);
  expect(devices().map(({ device }) => device)).toContain("cpu");
});

it("is given weights where they lie, in shared memory too, and copies them", async () => {
  const length = 4096;
  const weights = new Float32Array(new SharedArrayBuffer(4 * length)).fill(3);
  const build = new GraphBuilder(emptyGraph("weights", 18));
  const x = build.input("x", "float32", [length]);
  build.output(build.add(x, build.constant(float32([length], weights))), "sum");
  const session = await openSession(build.graph, { optimization: "none" });
  weights.fill(7);
  const { sum } = await session.run({ x: float32([length], new Float32Array(length)) });
  await session.dispose();
  expect(new Set(sum!.data as Float32Array)).toEqual(new Set([3]));
});
