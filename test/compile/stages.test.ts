/** Every stage of a real model holds what the table of stages promises; a graph that does not is refused. */
import { describe, expect, it } from "vitest";
import { differentiate } from "../../src/autodiff/index.js";
import { checkStage, lower, type Stage, stages, trace } from "../../src/compile/index.js";
import { appendLoss, type LossName, losses } from "../../src/loss/index.js";
import {
  copyGraph,
  emptyGraph,
  type Graph,
  GraphBuilder,
  readModel,
  writeModel,
} from "../../src/onnx/index.js";
import { prepareModel } from "../../src/oracle/open.js";
import { tinyModel } from "../helpers/models.js";
import { targets } from "../helpers/operators.js";

const size = { height: 8, width: 12 };

/** The prepared tiny model with a loss and the gradient at its image, before lowering. */
async function differentiated(names: LossName[]) {
  const model = await prepareModel(tinyModel(), { size });
  const build = new GraphBuilder({ ...copyGraph(model.graph), outputs: [] });
  const pixels = size.height * size.width;
  const labels = build.input("labels", "int64", [1, pixels]);
  const logits = build.reshape(model.logits, [1, model.classes, pixels]);
  const { gradient } = appendLoss(
    build,
    names.map((name) => losses[name]),
    { logits, labels },
    { pixels, classes: model.classes },
  );
  const seed = build.reshape(gradient, model.types.get(model.logits)!.shape);
  const request = { seeds: new Map([[model.logits, seed]]), wrt: [model.image], types: model.types };
  for (const value of differentiate(build, request).values()) build.output(value, "gradient");
  return { build, types: model.types };
}

describe("a model on its way", () => {
  it("is read, traced and differentiated", async () => {
    const read = readModel(writeModel(tinyModel()));
    checkStage(read, "read");
    const { graph, types } = await trace(read, {
      shapes: { [read.inputs[0]!.name]: [1, 3, size.height, size.width] },
    });
    checkStage(graph, "traced", types);
    const { build } = await differentiated(["ce"]);
    checkStage(build.graph, "differentiated");
    expect(build.graph.nodes.some(({ domain }) => domain === "seawall")).toBe(true);
  });

  it.each(targets)("is lowered for %s, without a composite operator", async (target) => {
    const { build, types } = await differentiated(["mask-ce"]);
    expect(() => checkStage(build.graph, target)).toThrow(/seawall\.\w+ .* is left over/);
    checkStage(lower(build, types, target), target);
  });
});

/** A graph of one input and one output. */
function graphOf(write: (build: GraphBuilder, x: string) => string): Graph {
  const build = new GraphBuilder(emptyGraph("test", 18));
  build.output(write(build, build.input("x", "float32", [2])), "y");
  return build.graph;
}

describe("a graph is refused", () => {
  const refused: [string, Stage, Graph, RegExp][] = [
    [
      "with an operator that reading replaces",
      "read",
      graphOf((b, x) => b.neg(b.op("Upsample", [x]))),
      /Upsample/,
    ],
    [
      "with an unknown composite operator",
      "differentiated",
      graphOf((b, x) => b.composite("Made", [x])),
      /Made/,
    ],
    [
      "with an Identity in the middle",
      "cpu",
      graphOf((b, x) => b.neg(b.op("Identity", [x]))),
      /names no output/,
    ],
    ["with PRelu on the CPU", "cpu", graphOf((b, x) => b.neg(b.op("PRelu", [x, x]))), /PRelu/],
    ["without types", "traced", graphOf((b, x) => b.neg(x)), /no type and shape/],
    ["whose node reads too early", "gpu", { ...graphOf((b, x) => b.neg(b.exp(x))) }, /too early/],
    [
      "with an output from nowhere",
      "portable",
      { ...graphOf((b, x) => b.neg(x)), nodes: [] },
      /nothing makes/,
    ],
  ];
  refused[5]![2].nodes.reverse();

  it.each(refused)("%s", (_, stage, graph, message) => {
    expect(() => checkStage(graph, stage)).toThrow(message);
  });

  it("with two nodes of a name, or a value that is defined twice", () => {
    const graph = graphOf((b, x) => b.neg(x));
    const [node] = graph.nodes;
    expect(() => checkStage({ ...graph, nodes: [node!, node!] }, "cpu")).toThrow(/two nodes are named/);
    const twin = { ...node!, name: "twin" };
    expect(() => checkStage({ ...graph, nodes: [node!, twin] }, "cpu")).toThrow(/is defined twice/);
  });
});

it("every stage is reached by a test above or by a target", () => {
  expect(Object.keys(stages)).toEqual(["read", "traced", "differentiated", "portable", "cpu", "gpu"]);
});
