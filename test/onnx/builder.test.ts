/** The builder: unique names, and constants that are shared only if they are equal. */
import { describe, expect, it } from "vitest";
import { float32, type Tensor } from "../../src/base/index.js";
import { emptyGraph, GraphBuilder } from "../../src/onnx/index.js";

describe("GraphBuilder", () => {
  it("names nodes and values after their scope, with numbers where that is taken", () => {
    const build = new GraphBuilder(emptyGraph("g", 18));
    const x = build.input("x", "float32", [1]);
    const names = build.within("a", () => [
      build.neg(x),
      build.within("b", () => build.neg(x)),
      build.neg(x),
    ]);
    expect(names).toEqual(["a/Neg:0", "a/b/Neg:0", "a/Neg_1:0"]);
    expect(build.graph.nodes.map((node) => node.name)).toEqual(["a/Neg", "a/b/Neg", "a/Neg_1"]);
    expect(() =>
      build.within("c", () => {
        throw new Error("left early");
      }),
    ).toThrow();
    expect(build.neg(x)).toBe("Neg:0");
  });

  it("keeps clear of values that look like its own, wherever the graph has them", () => {
    const graph = emptyGraph("g", 18);
    const inner = emptyGraph("inner", 18);
    const node = { op: "Neg", domain: "", name: "n", inputs: ["x"], attributes: {} };
    inner.nodes.push({ ...node, outputs: ["Neg:0"] });
    graph.inputs.push({ name: "x", type: "float32", shape: [1] });
    graph.nodes.push(
      { ...node, name: "if", outputs: ["y"], attributes: { then_branch: { kind: "graph", value: inner } } },
      { ...node, name: "k", outputs: ["TopK:1"] },
    );
    const build = new GraphBuilder(graph);
    expect(build.neg("x")).toBe("Neg_1:0");
    expect(build.ops("TopK", ["x"], 2)).toEqual(["TopK_1:0", "TopK_1:1"]);
    expect(build.op("TopK", ["x"])).toBe("TopK:0");
  });

  it("names very many nodes of one operator, and nodes far within others, in little time", () => {
    const build = new GraphBuilder(emptyGraph("g", 18));
    const x = build.input("x", "float32", [1]);
    const start = performance.now();
    for (let i = 0; i < 50_000; i++) build.neg(x);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(build.neg(x)).toBe("Neg_50000:0");
    const within = (levels: number): string =>
      levels === 0 ? build.neg(x) : build.within("a".repeat(5_000_000), () => within(levels - 1));
    expect(within(200).length).toBeLessThan(2000);
  });

  it("shares equal small constants, and no others", () => {
    const build = new GraphBuilder(emptyGraph("g", 18));
    const text = (...data: string[]): Tensor => ({ type: "string", dims: [data.length], data });
    expect(build.scalar(1)).toBe(build.scalar(1));
    expect(build.ints([1, 2])).toBe(build.ints([1, 2]));
    const different = [
      build.scalar(0),
      build.scalar(-0),
      build.scalar(Number.NaN),
      build.constant(float32([1], [0])),
      build.ints([0]),
      build.constant(text("a,b", "c")),
      build.constant(text("a", "b,c")),
      build.constant(float32([65], new Array(65).fill(0))),
      build.constant(float32([65], new Array(65).fill(0))),
    ];
    expect(new Set(different).size).toBe(different.length);
  });
});
