/** Structural simplifying: nodes that are removed, nodes that must stay, and equal results of the engine. */
import { describe, expect, it } from "vitest";
import { float32 } from "../../src/base/index.js";
import {
  emptyGraph,
  float,
  type Graph,
  GraphBuilder,
  mergeCommon,
  removeDead,
  removeIdentities,
  simplify,
  writeModel,
} from "../../src/onnx/index.js";
import { drawFeeds, relativeDifference, runBytes } from "./helpers.js";

function build(write: (build: GraphBuilder, x: string) => void): Graph {
  const graph = emptyGraph("test", 18);
  const builder = new GraphBuilder(graph);
  write(builder, builder.input("x", "float32", [2, 3]));
  return graph;
}

const ops = (graph: Graph) => graph.nodes.map((node) => node.op);

async function expectSame(before: Graph, after: Graph) {
  const feeds = drawFeeds(before);
  const expected = await runBytes(writeModel(before), feeds);
  expect(relativeDifference(await runBytes(writeModel(after), feeds), expected)).toBe(0);
}

/** An If whose branches both read `captured` from the enclosing graph. */
function choice(b: GraphBuilder, condition: string, captured: string): string {
  const branch = (op: string): Graph => {
    const inner = emptyGraph(op, 18);
    inner.nodes.push({ op, domain: "", name: op, inputs: [captured], outputs: [`${op}/y`], attributes: {} });
    inner.outputs.push({ name: `${op}/y`, type: undefined, shape: undefined });
    return inner;
  };
  return b.op("If", [condition], {
    then_branch: { kind: "graph", value: branch("Exp") },
    else_branch: { kind: "graph", value: branch("Neg") },
  });
}

const truth = (b: GraphBuilder) => b.constant({ type: "bool", dims: [], data: Uint8Array.of(1) });

describe("removeDead", () => {
  it("drops nodes and constants that no output needs, and keeps inputs", () => {
    const graph = build((b, x) => {
      b.input("unused", "float32", [1]);
      b.mul(b.exp(x), b.constant(float32([3], [1, 2, 3])));
      b.output(b.neg(x), "y");
    });
    const after = removeDead(graph);
    expect(ops(after)).toEqual(["Neg", "Identity"]);
    expect(after.initializers.size).toBe(0);
    expect(after.inputs).toEqual(graph.inputs);
  });

  it("keeps a node of which one output is needed, and what graphs inside nodes read", () => {
    const graph = build((b, x) => {
      const [values] = b.ops("TopK", [x, b.ints([2])], 2, { axis: 1 });
      const captured = b.neg(x);
      b.output(b.add(choice(b, truth(b), captured), b.reduce("ReduceSum", values!, [0, 1])), "y");
    });
    expect(removeDead(graph)).toEqual(graph);
  });
});

describe("removeIdentities", () => {
  it("rewires through chains, and keeps those that make an output", async () => {
    const graph = build((b, x) => {
      const chain = b.op("Identity", [b.op("Identity", [b.exp(x)])]);
      b.output(b.neg(chain), "y");
      b.output(chain, "z");
      b.output(b.op("Identity", [x]), "copy");
    });
    const after = removeIdentities(graph);
    expect(ops(after)).toEqual(["Exp", "Neg", "Identity", "Identity", "Identity"]);
    expect(after.outputs).toEqual(graph.outputs);
    expect(after.nodes[1]!.inputs).toEqual([graph.nodes[0]!.outputs[0]]);
    await expectSame(graph, after);
  });

  it("keeps an identity whose output a graph inside a node reads", async () => {
    const graph = build((b, x) => {
      const copied = b.op("Identity", [x]);
      b.output(b.add(choice(b, truth(b), copied), copied), "y");
    });
    const after = removeIdentities(graph);
    expect(ops(after)).toEqual(ops(graph));
    await expectSame(graph, after);
  });

  it("leaves operators of other domains alone", () => {
    const graph = build((b, x) => b.output(b.neg(b.op("Identity", [x])), "y"));
    graph.nodes[0] = { ...graph.nodes[0]!, domain: "own" };
    expect(removeIdentities(graph)).toEqual(graph);
  });
});

describe("mergeCommon", () => {
  it("merges equal nodes in one walk, chains of them too", async () => {
    const graph = build((b, x) => {
      const twice = () => b.op("LeakyRelu", [b.exp(x)], { alpha: float(0.3) });
      b.output(b.add(twice(), twice()), "y");
    });
    const after = mergeCommon(graph);
    expect(ops(after)).toEqual(["Exp", "LeakyRelu", "Add", "Identity"]);
    await expectSame(graph, after);
  });

  it.each<[string, (b: GraphBuilder, x: string) => string[]]>([
    ["attributes", (b, x) => [1, 2].map((alpha) => b.op("LeakyRelu", [x], { alpha: float(alpha) }))],
    [
      "kinds of attributes",
      (b, x) => [b.op("Elu", [x], { alpha: float(1) }), b.op("Elu", [x], { alpha: 1 })],
    ],
    ["zeros of either sign", (b, x) => [0, -0].map((alpha) => b.op("Elu", [x], { alpha: float(alpha) }))],
    [
      "infinities and NaN",
      (b, x) => [Infinity, -Infinity, NaN].map((alpha) => b.op("Elu", [x], { alpha: float(alpha) })),
    ],
    ["inputs", (b, x) => [b.sub(x, 1), b.op("Sub", [1, x])]],
    ["numbers of outputs", (b, x) => [1, 2].map((n) => b.ops("TopK", [x, b.ints([2])], n)[0]!)],
    ["random draws", (b, x) => [1, 2].map(() => b.op("RandomNormalLike", [x]))],
    ["graphs inside", (b, x) => [1, 2].map(() => choice(b, truth(b), x))],
  ])("keeps nodes apart that differ in %s", (_, write) => {
    const graph = build((b, x) => {
      for (const value of write(b, x)) b.output(value);
    });
    graph.outputs = [];
    expect(mergeCommon(graph).nodes).toEqual(graph.nodes);
  });

  it("does not give a node the output that its twin leaves out", () => {
    const graph = build((b, x) => {
      const k = b.ints([2]);
      const [values] = b.ops("TopK", [x, k], 2);
      const [, indices] = b.ops("TopK", [x, k], 2);
      b.output(values!, "y");
      b.output(b.neg(indices!), "i");
    });
    graph.nodes[0] = { ...graph.nodes[0]!, outputs: [graph.nodes[0]!.outputs[0]!, ""] };
    expect(mergeCommon(graph).nodes).toEqual(graph.nodes);
  });

  it("keeps a twin that makes an output", async () => {
    const graph = build((b, x) => {
      const [one, two] = [b.exp(x), b.exp(x)];
      b.output(one);
      b.output(two);
      b.output(b.neg(two), "z");
    });
    const after = mergeCommon(graph);
    expect(ops(after)).toEqual(["Exp", "Exp", "Neg", "Identity"]);
    await expectSame(graph, after);
  });
});

it("simplify leaves nothing for a second run", async () => {
  const graph = build((b, x) => {
    const a = b.op("Identity", [b.exp(x)]);
    b.neg(a);
    b.output(b.add(b.op("Identity", [a]), b.exp(x)), "y");
  });
  const once = simplify(graph);
  expect(ops(once)).toEqual(["Exp", "Add", "Identity"]);
  expect(simplify(once)).toEqual(once);
  await expectSame(graph, once);
});
