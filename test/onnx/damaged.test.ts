/** Damaged and hostile files give a valid graph or a SeawallError, in time and memory proportional to their size. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { type Graph, readModel, simplify, writeModel } from "../../src/onnx/index.js";

const golden = fileURLToPath(new URL("../golden/", import.meta.url));
const file = (name: string) => new Uint8Array(readFileSync(golden + name));

/** Together these models have functions, nested graphs, initializers, attributes of every kind, several element types. */
const small = [
  "functions/graphs.onnx",
  "functions/attributes.onnx",
  "opset/loop.8.onnx",
  "opset/pad_half.10.onnx",
  "opset/group_norm.18.onnx",
  "opset/upsample_nearest.7.onnx",
  "opset/dropout_inputs.12.onnx",
];

/** The graph, or undefined if a SeawallError refuses the bytes. Any other error fails the test. */
function attempt(bytes: Uint8Array): Graph | undefined {
  try {
    const graph = readModel(bytes);
    // A graph that was accepted must survive the next steps.
    writeModel(simplify(graph));
    return graph;
  } catch (error) {
    if (!(error instanceof SeawallError)) throw error;
    expect(["model", "unsupported"]).toContain(error.code);
    expect(error.message).toMatch(/^model: /);
    return undefined;
  }
}

describe.each(small)("%s", (name) => {
  const bytes = file(name);

  it("cut off anywhere", () => {
    for (let end = 0; end < bytes.length; end++) attempt(bytes.subarray(0, end));
    expect(attempt(bytes.subarray(0, bytes.length >> 1))).toBeUndefined();
    expect(attempt(bytes)).toBeDefined();
  });

  it("with any one bit turned", () => {
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      attempt(damaged);
    }
  });
});

it("arbitrary bytes are no model", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(attempt(bytes)).toBeUndefined();
    }),
    { numRuns: 2000, seed: 1 },
  );
});

type GraphInit = Exclude<MessageInitShape<typeof GraphProtoSchema>, GraphProto>;
type AttributeInit = Exclude<MessageInitShape<typeof AttributeProtoSchema>, AttributeProto>;

const attributeOf = (name: string, held: AttributeInit) => create(AttributeProtoSchema, { name, ...held });
const nodeOf = (op: string, input: string[], output: string[], attribute: AttributeProto[] = []) =>
  create(NodeProtoSchema, { opType: op, name: `the ${op}`, input, output, attribute });
const named = (name: string) => create(ValueInfoProtoSchema, { name });

function modelOf(graph: GraphInit, opset = 18): Uint8Array {
  const parts = {
    input: [named("x")],
    output: [named("y")],
    node: [nodeOf("Relu", ["x"], ["y"])],
    ...graph,
  };
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      graph: create(GraphProtoSchema, parts),
      opsetImport: [create(OperatorSetIdProtoSchema, { version: BigInt(opset) })],
    }),
  );
}

const refusal = (graph: GraphInit, opset?: number) => () =>
  readModel(modelOf(graph, opset), { file: "a.onnx" });

describe("graphs that make no sense are refused with the name of what is wrong", () => {
  const tensor = (name: string, dims: bigint[], floatData: number[] = []) =>
    create(TensorProtoSchema, { name, dataType: 1, dims, floatData });
  const relu = (input: string, output: string) => nodeOf("Relu", [input], [output]);

  it.each<[string, GraphInit, string]>([
    ["no nodes", { node: [] }, "has no graph"],
    ["no outputs", { output: [] }, "has no outputs"],
    ["an output that is not defined", { output: [named("z")] }, 'output "z" of graph "graph" is not defined'],
    [
      "a read of an undefined value",
      { node: [relu("gone", "y")] },
      'Relu "the Relu" reads "gone", which is not defined',
    ],
    [
      "a value defined twice",
      { node: [relu("x", "y"), nodeOf("Abs", ["x"], ["y"])] },
      'value "y" is defined twice, the second time by Abs "the Abs"',
    ],
    [
      "an input defined again by a node",
      { node: [relu("x", "x"), relu("x", "y")] },
      'value "x" is defined twice',
    ],
    ["two inputs of one name", { input: [named("x"), named("x")] }, 'value "x" is defined twice'],
    ["an input without a name", { input: [named("x"), named("")] }, "a graph input has no name"],
    [
      "two initializers of one name",
      { initializer: [tensor("w", [0n]), tensor("w", [0n])] },
      'two initializers named "w"',
    ],
    ["a cycle", { node: [nodeOf("Add", ["x", "b"], ["a"]), relu("a", "b"), relu("b", "y")] }, "form a cycle"],
    ["a node that reads itself", { node: [nodeOf("Add", ["x", "y"], ["y"])] }, "form a cycle"],
    ["a node without operator", { node: [nodeOf("", ["x"], ["y"])] }, "has no operator"],
    [
      "a node without outputs",
      { node: [relu("x", "y"), nodeOf("Abs", ["x"], [""])] },
      'Abs "the Abs" has no output',
    ],
    ["negative dimensions", { initializer: [tensor("w", [-1n])] }, 'tensor "w": invalid dimensions [-1]'],
    [
      "huge dimensions",
      { initializer: [tensor("w", [2n ** 40n, 2n ** 40n])] },
      'tensor "w": invalid dimensions',
    ],
    [
      "large dimensions without data",
      { initializer: [tensor("w", [2n ** 40n])] },
      "the file has 0 elements, its dimensions [1099511627776] need 1099511627776",
    ],
    [
      "dimensions that hide behind a zero",
      { initializer: [tensor("w", [0n, 2n ** 60n])] },
      "invalid dimensions",
    ],
    [
      "too little data",
      { initializer: [tensor("w", [3n], [1, 2])] },
      "the file has 2 elements, its dimensions [3] need 3",
    ],
  ])("%s", (_, graph, message) => {
    expect(refusal(graph)).toThrow(SeawallError);
    expect(refusal(graph)).toThrow(message);
    expect(refusal(graph)).toThrow(/^a\.onnx: /);
  });

  it("raw data of another length, strings of another number, unknown types", () => {
    const raw = create(TensorProtoSchema, {
      name: "w",
      dataType: 1,
      dims: [2n ** 50n],
      rawData: new Uint8Array(5),
    });
    expect(refusal({ initializer: [raw] })).toThrow(
      "the file has 5 bytes, 1125899906842624 elements of float32 need 4503599627370496",
    );
    const strings = create(TensorProtoSchema, { name: "w", dataType: 8, dims: [2n ** 50n] });
    expect(refusal({ initializer: [strings] })).toThrow("the file has 0 strings");
    const complex = create(TensorProtoSchema, { name: "w", dataType: 14, dims: [0n] });
    expect(refusal({ initializer: [complex] })).toThrow("element type 14 is not supported");
  });

  it("an opset that there is not, which is not counted up to", () => {
    for (const opset of [1e6, 2 ** 62])
      expect(refusal({}, opset)).toThrow(/^a\.onnx: has opset \d+, which no version of ONNX defines/);
    expect(refusal({}, 30)).not.toThrow();
  });

  it("attributes without content or of unknown types", () => {
    const { TENSOR, GRAPH, SPARSE_TENSOR } = AttributeProto_AttributeType;
    const withAttribute = (held: AttributeInit) =>
      refusal({ node: [nodeOf("Relu", ["x"], ["y"], [attributeOf("a", held)])] });
    expect(withAttribute({ type: TENSOR })).toThrow('attribute "a" is declared but empty');
    expect(withAttribute({ type: GRAPH })).toThrow('attribute "a" is declared but empty');
    expect(withAttribute({ type: SPARSE_TENSOR })).toThrow("has the type SPARSE_TENSOR");
    expect(withAttribute({})).toThrow("has the type UNDEFINED");
  });

  it("unordered nodes are put in order, and names like those of JavaScript's own properties are names", () => {
    const late = [
      nodeOf("constructor", ["m"], ["y"]),
      nodeOf(
        "__proto__",
        ["x"],
        ["m"],
        [attributeOf("__proto__", { type: AttributeProto_AttributeType.INT, i: 1n })],
      ),
    ];
    expect(readModel(modelOf({ node: late })).nodes.map((node) => node.op)).toEqual([
      "__proto__",
      "constructor",
    ]);
  });

  it("graphs inside nodes", () => {
    const inside = (graph: GraphInit) =>
      refusal({
        node: [
          nodeOf(
            "If",
            ["x"],
            ["y"],
            [
              attributeOf("then_branch", {
                type: AttributeProto_AttributeType.GRAPH,
                g: create(GraphProtoSchema, graph),
              }),
            ],
          ),
        ],
      });
    expect(inside({ node: [relu("gone", "i")], output: [named("i")] })).toThrow('reads "gone"');
    expect(inside({ node: [relu("x", "i")], output: [named("j")] })).toThrow('output "j"');
    expect(inside({ node: [relu("y", "i")], output: [named("i")] })).toThrow("form a cycle");
    expect(inside({ node: [relu("x", "i"), relu("x", "i")], output: [named("i")] })).toThrow("defined twice");
    expect(inside({ node: [relu("x", "i")], output: [named("i")] })).not.toThrow();
  });
});

describe("files that ask for more than their size explains", () => {
  const seconds = (read: () => void) => {
    const start = performance.now();
    expect(read).toThrow("has more than 33554432 parts besides raw tensor data");
    return (performance.now() - start) / 1000;
  };

  /** The bytes of a model whose graph repeats `piece`. */
  function repeated(piece: Uint8Array, times: number): Uint8Array {
    const graph = new Uint8Array(piece.length * times);
    for (let i = 0; i < times; i++) graph.set(piece, i * piece.length);
    return new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(graph).finish();
  }

  it("millions of empty nodes, names, or packed integers", () => {
    const emptyNode = Uint8Array.of(0x0a, 0x00);
    expect(seconds(() => readModel(repeated(emptyNode, 4e6)))).toBeLessThan(10);
    const oneNode = (content: Uint8Array) =>
      new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(content).finish();
    const names = oneNode(Uint8Array.from({ length: 1e6 }, (_, i) => (i % 2 ? 0 : 0x0a)));
    expect(seconds(() => readModel(repeated(names, 80)))).toBeLessThan(10);
    const integers = create(TensorProtoSchema, { name: "w", dataType: 7, dims: [4n] });
    const packed = new BinaryWriter()
      .raw(toBinary(TensorProtoSchema, integers))
      .tag(7, WireType.LengthDelimited);
    const tensor = new BinaryWriter()
      .tag(5, WireType.LengthDelimited)
      .bytes(packed.bytes(new Uint8Array(4e7)).finish());
    expect(seconds(() => readModel(repeated(tensor.finish(), 1)))).toBeLessThan(10);
  });

  it("graphs within graphs", () => {
    let graph = create(GraphProtoSchema, { node: [nodeOf("Relu", ["x"], ["y"])], output: [named("y")] });
    for (let depth = 0; depth < 200; depth++) {
      const held = attributeOf("body", { type: AttributeProto_AttributeType.GRAPH, g: graph });
      graph = create(GraphProtoSchema, {
        node: [nodeOf("If", ["x"], ["y"], [held])],
        output: [named("y")],
      });
    }
    expect(refusal({ node: graph.node })).toThrow("nests more than 100 levels");
  });

  it("long chains, wide nodes and many equal names take time in proportion", () => {
    const chain = Array.from({ length: 30_000 }, (_, i) =>
      nodeOf("Relu", [i ? `v${i}` : "x"], [`v${i + 1}`]),
    );
    const sum = nodeOf(
      "Sum",
      chain.map((node) => node.output[0]!),
      ["y"],
    );
    const start = performance.now();
    const graph = readModel(modelOf({ node: [sum, ...chain.reverse()] }, 7));
    expect(graph.nodes).toHaveLength(30_001);
    expect(new Set(graph.nodes.map((node) => node.name)).size).toBe(30_001);
    expect((performance.now() - start) / 1000).toBeLessThan(10);
  });
});

it("every golden model is read, so that the tests above damage legal files", () => {
  for (const name of readdirSync(`${golden}opset`))
    expect(() => readModel(file(`opset/${name}`))).not.toThrow();
});
