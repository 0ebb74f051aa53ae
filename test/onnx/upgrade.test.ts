/** The normal form: nodes and names that older forms become, and nodes that are refused. */
import { describe, expect, it } from "vitest";
import { float32, int64, type Tensor } from "../../src/base/index.js";
import {
  type AttributeInput,
  attribute,
  attributesOf,
  emptyGraph,
  float,
  type Graph,
  type Node,
  readModel,
  writeModel,
} from "../../src/onnx/index.js";
import { drawFeeds, runBytes } from "./helpers.js";

type Plain = Readonly<Record<string, AttributeInput>>;

function node(op: string, inputs: string[], outputs: string[], attributes: Plain = {}): Node {
  return {
    op,
    domain: "",
    name: `${op}/${outputs[0]}`,
    inputs,
    outputs,
    attributes: attributesOf(attributes),
  };
}

/** Writes a graph of an older opset and reads it. Its input `x` and output `y` are float images. */
function read(opset: number, nodes: Node[], constants: Record<string, Tensor> = {}, outputs = ["y"]): Graph {
  const graph = emptyGraph("old", opset);
  graph.inputs.push({ name: "x", type: "float32", shape: [1, 4, 5, 6] });
  graph.nodes = nodes;
  graph.outputs = outputs.map((name) => ({ name, type: "float32" as const, shape: undefined }));
  graph.initializers = new Map(Object.entries(constants));
  return readModel(writeModel(graph));
}

const ops = (graph: Graph) => graph.nodes.map(({ op }) => op);

describe("the version of the result", () => {
  const relu = node("Relu", ["x"], ["y"]);

  it.each([
    [7, 18],
    [18, 18],
    [20, 20],
    [22, 22],
    [24, 24],
    [26, 26],
  ])("of opset %i is %i, which the engine takes", async (given, expected) => {
    const graph = read(given, [relu]);
    expect(graph.opset).toBe(expected);
    const { y } = await runBytes(writeModel(graph), drawFeeds(graph));
    expect(y!.dims).toEqual([1, 4, 5, 6]);
  });

  it("is higher where an operator has one form only there, and all others follow", () => {
    const groups = { s: float32([2], [1, 2]), b: float32([2], [0, 1]) };
    const graph = read(
      18,
      [
        node("DFT", ["x"], ["d"], { axis: 2 }),
        node("GroupNormalization", ["x", "s", "b"], ["y"], { num_groups: 2 }),
      ],
      groups,
    );
    expect(graph.opset).toBe(21);
    const transform = graph.nodes.find(({ op }) => op === "DFT")!;
    expect(graph.initializers.get(transform.inputs[2]!)).toEqual(int64([], [2]));
    expect(transform.attributes).toEqual({});
  });

  it("is that of the graphs inside, too", () => {
    const inner = emptyGraph("then", 16);
    inner.nodes = [node("GridSample", ["x", "grid"], ["inside"], { mode: "bicubic" })];
    inner.outputs = [{ name: "inside", type: undefined, shape: undefined }];
    const branch = { kind: "graph", value: inner } as const;
    const graph = read(16, [node("If", ["yes"], ["y"], { then_branch: branch, else_branch: branch })], {
      yes: { type: "bool", dims: [], data: Uint8Array.of(1) },
      grid: float32([1, 1, 1, 2], [0, 0]),
    });
    expect(graph.opset).toBe(20);
    const within = attribute.graph(graph.nodes[0]!, "then_branch")!;
    expect(within.nodes[0]!.attributes).toEqual(attributesOf({ mode: "cubic" }));
  });
});

describe("softmax before opset 13", () => {
  const transposed = node("Transpose", ["x"], ["t"], { perm: [0, 2, 3, 1] });
  const weight = { w: float32([2, 4, 1, 1], new Array(8).fill(1)) };

  it.each<[string, Node[], Record<string, Tensor>]>([
    ["a transposed image", [transposed, node("Softmax", ["t"], ["y"], { axis: 3 })], {}],
    ["the input itself", [node("Softmax", ["x"], ["y"], { axis: 3 })], {}],
    [
      "a convolution and what keeps its rank",
      [
        node("Conv", ["x", "w"], ["c"]),
        node("Relu", ["c"], ["r"]),
        node("Softmax", ["r"], ["y"], { axis: 3 }),
      ],
      weight,
    ],
    ["a list", [node("Flatten", ["x"], ["f"]), node("Softmax", ["f"], ["y"])], {}],
  ])("is one node over the last axis of %s", (_, nodes, constants) => {
    const graph = read(12, nodes, constants);
    expect(ops(graph)).toEqual(nodes.map(({ op }) => op));
    expect(graph.nodes.at(-1)!.attributes).toEqual(attributesOf({ axis: -1 }));
  });

  it("flattens where the axis is not the last, under names that begin with its own", () => {
    const graph = read(11, [node("LogSoftmax", ["x"], ["y"])]);
    expect(ops(graph)).toEqual(["Flatten", "LogSoftmax", "Shape", "Reshape"]);
    expect(graph.nodes.map(({ name }) => name)).toEqual([
      "LogSoftmax/y/Flatten",
      "LogSoftmax/y/LogSoftmax",
      "LogSoftmax/y/Shape",
      "LogSoftmax/y",
    ]);
  });
});

describe("what trains", () => {
  const flags = {
    no: { type: "bool", dims: [], data: Uint8Array.of(0) },
    yes: { type: "bool", dims: [], data: Uint8Array.of(1) },
  } satisfies Record<string, Tensor>;

  it("a dropout is an identity unless a constant, or a value, may say otherwise", () => {
    expect(ops(read(13, [node("Dropout", ["x"], ["y"])]))).toEqual(["Identity"]);
    expect(ops(read(13, [node("Dropout", ["x", "", "no"], ["y", "m"])], flags))).toEqual(["Identity"]);
    expect(ops(read(13, [node("Dropout", ["x", "", "yes"], ["y"])], flags))).toEqual(["Dropout"]);
    const computed = [node("Not", ["no"], ["on"]), node("Dropout", ["x", "", "on"], ["y"])];
    expect(ops(read(13, computed, flags))).toEqual(["Not", "Dropout"]);
  });

  it("a dropout in a graph inside a node reads the constants around it", () => {
    const inner = emptyGraph("then", 13);
    inner.nodes = [node("Dropout", ["x", "", "no"], ["inside"])];
    inner.outputs = [{ name: "inside", type: undefined, shape: undefined }];
    const branch = { kind: "graph", value: inner } as const;
    const graph = read(13, [node("If", ["yes"], ["y"], { then_branch: branch, else_branch: branch })], flags);
    expect(ops(attribute.graph(graph.nodes[0]!, "then_branch")!)).toEqual(["Identity"]);
  });

  it("a batch normalization with statistics among its outputs says so", () => {
    const statistics = Object.fromEntries(
      ["s", "b", "m", "v"].map((key) => [key, float32([4], [1, 1, 1, 1])]),
    );
    const inputs = ["x", ...Object.keys(statistics)];
    const graph = read(9, [node("BatchNormalization", inputs, ["y", "a", "b2", "c", "d"])], statistics);
    expect(graph.nodes[0]!.outputs).toEqual(["y", "a", "b2"]);
    expect(graph.nodes[0]!.attributes).toEqual(attributesOf({ training_mode: 1 }));
    expect(() =>
      read(9, [node("BatchNormalization", inputs, ["y", "a", "b2", "c", "d"])], statistics, ["y", "c"]),
    ).toThrow('model: BatchNormalization "BatchNormalization/y": its output "c", made in training only');
  });
});

describe("constants", () => {
  it("are initializers, those of graphs inside in these", () => {
    const inner = emptyGraph("then", 13);
    inner.nodes = [
      node("Constant", [], ["k"], { value_float: float(2) }),
      node("Mul", ["x", "k"], ["inside"]),
    ];
    inner.outputs = [{ name: "inside", type: undefined, shape: undefined }];
    const branch = { kind: "graph", value: inner } as const;
    const graph = read(13, [
      node("Constant", [], ["c"], { value: { type: "bool", dims: [], data: Uint8Array.of(1) } }),
      node("If", ["c"], ["y"], { then_branch: branch, else_branch: branch }),
    ]);
    expect(ops(graph)).toEqual(["If"]);
    expect([...graph.initializers.keys()]).toEqual(["c"]);
    const within = attribute.graph(graph.nodes[0]!, "then_branch");
    expect(within!.initializers).toEqual(new Map([["k", float32([], [2])]]));
    expect(within!.nodes.map(({ op }) => op)).toEqual(["Mul"]);
  });

  it("must hold something", () => {
    const empty = [node("Constant", [], ["c"]), node("Add", ["x", "c"], ["y"])];
    expect(() => read(13, empty)).toThrow('Constant "Constant/c" has no value');
  });
});

describe("new names keep clear of those in use, of graphs inside as well", () => {
  it("in a graph that took them", () => {
    const taken = [
      node("Neg", ["x"], ["Softmax/y/Flatten:0"]),
      { ...node("Neg", ["Softmax/y/Flatten:0"], ["n"]), name: "Softmax/y/Shape" },
    ];
    const graph = read(11, [...taken, node("Softmax", ["n"], ["y"])]);
    expect(graph.nodes.map(({ name }) => name)).toEqual([
      "Neg/Softmax/y/Flatten:0",
      "Softmax/y/Shape",
      "Softmax/y/Flatten_1",
      "Softmax/y/Softmax",
      "Softmax/y/Shape_1",
      "Softmax/y",
    ]);
  });
});

describe("what ended with an older opset is refused by name", () => {
  const four = Object.fromEntries(["s", "b", "m", "v"].map((key) => [key, float32([4], [1, 1, 1, 1])]));
  const scales = { r: float32([0], []), k: float32([4], [1, 1, 2, 2]) };
  const body = emptyGraph("body", 8);
  body.inputs = [{ name: "i", type: "float32", shape: [4, 5] }];
  body.nodes = [node("Neg", ["i"], ["o"])];
  body.outputs = [{ name: "o", type: undefined, shape: undefined }];

  it.each<[string, number, Node, Record<string, Tensor>]>([
    ["per pixel", 8, node("BatchNormalization", ["x", ...Object.keys(four)], ["y"], { spatial: 0 }), four],
    [
      "batch dimension",
      8,
      node("Scan", ["", "x"], ["y"], { body: { kind: "graph", value: body }, num_scan_inputs: 1 }),
      {},
    ],
    [
      "tf_half_pixel_for_nn with mode linear",
      11,
      node("Resize", ["x", "r", "k"], ["y"], {
        mode: "linear",
        coordinate_transformation_mode: "tf_half_pixel_for_nn",
      }),
      scales,
    ],
    [
      "rounding ceil",
      12,
      node("Resize", ["x", "r", "k"], ["y"], {
        nearest_mode: "ceil",
        coordinate_transformation_mode: "tf_half_pixel_for_nn",
      }),
      scales,
    ],
  ])("%s", (message, opset, old, constants) => {
    expect(() => read(opset, [old], constants)).toThrow(message);
    expect(() => read(opset, [old], constants)).toThrow(`${old.op} "${old.op}/y"`);
  });

  it("masks of dropout", () => {
    expect(() => read(10, [node("Dropout", ["x"], ["y", "mask"])], {}, ["y", "mask"])).toThrow(
      'its mask "mask"',
    );
  });

  it("opset 6", () => {
    expect(() => read(6, [node("Relu", ["x"], ["y"])])).toThrow("has opset 6");
  });
});
