/** Writing, then reading: every element type and kind of attribute is unchanged. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrayConstructors, type DataType, sizeOf, type Tensor } from "../../src/base/index.js";
import {
  type Attribute,
  dataType,
  elementType,
  emptyGraph,
  type Graph,
  readModel,
  writeModel,
} from "../../src/onnx/index.js";

const types = [...Object.keys(arrayConstructors), "string"] as DataType[];
const dims = fc.array(fc.nat(4), { maxLength: 4 });

const tensors: fc.Arbitrary<Tensor> = fc
  .tuple(fc.constantFrom(...types), dims)
  .chain(([type, shape]): fc.Arbitrary<Tensor> => {
    const size = sizeOf(shape);
    if (type === "string") {
      return fc
        .array(fc.string(), { minLength: size, maxLength: size })
        .map((data) => ({ type, dims: shape, data }));
    }
    const bytes = arrayConstructors[type].BYTES_PER_ELEMENT * size;
    return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw) => {
      // Booleans are the bytes 0 and 1. Floats are drawn as integers, because NaNs need not keep their bits.
      if (type === "bool") return { type, dims: shape, data: raw.map((byte) => byte & 1) };
      if (type === "float32")
        return { type, dims: shape, data: Float32Array.from({ length: size }, (_, i) => raw[i]!) };
      if (type === "float64")
        return { type, dims: shape, data: Float64Array.from({ length: size }, (_, i) => raw[i]!) };
      return { type, dims: shape, data: new arrayConstructors[type](raw.slice().buffer) };
    });
  });

const integer = fc.maxSafeInteger();
const number = fc.float({ noNaN: true });
const scalars: fc.Arbitrary<Attribute>[] = [
  integer.map((value) => ({ kind: "int", value })),
  number.map((value) => ({ kind: "float", value })),
  fc.string().map((value) => ({ kind: "string", value })),
  fc.array(integer).map((value) => ({ kind: "ints", value })),
  fc.array(number).map((value) => ({ kind: "floats", value })),
  fc.array(fc.string()).map((value) => ({ kind: "strings", value })),
  tensors.map((value) => ({ kind: "tensor", value })),
];

/** A graph with one node of a custom domain, so that no code interprets its attributes. */
function graphs(attributes: fc.Arbitrary<Attribute>[], input: string): fc.Arbitrary<Graph> {
  return fc
    .tuple(fc.dictionary(fc.string(), fc.oneof(...attributes), { maxKeys: 4 }), tensors)
    .map(([held, tensor]) => ({
      ...emptyGraph("drawn", 18),
      domains: new Map([["own", 3]]),
      inputs: input === "x" ? [{ name: "x", type: "float32" as const, shape: [1, "height", 3] }] : [],
      outputs: [{ name: "y", type: undefined, shape: undefined }],
      initializers: new Map([["w", tensor]]),
      nodes: [
        {
          op: "Any",
          domain: "own",
          name: "any",
          inputs: [input, "", "w"],
          outputs: ["", "y"],
          attributes: held,
        },
      ],
    }));
}

const nested: fc.Arbitrary<Attribute>[] = [
  graphs(scalars, "w").map((value) => ({ kind: "graph", value })),
  fc.array(graphs(scalars, "w"), { maxLength: 2 }).map((value) => ({ kind: "graphs", value })),
];

describe("readModel(writeModel(graph))", () => {
  it("is the graph", () => {
    fc.assert(
      fc.property(graphs([...scalars, ...nested], "x"), (graph) => {
        expect(readModel(writeModel(graph))).toEqual(graph);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it("does not depend on where the bytes lie in memory", () => {
    fc.assert(
      fc.property(graphs(scalars, "x"), fc.nat(7), (graph, shift) => {
        const bytes = writeModel(graph);
        const buffer = Buffer.alloc(bytes.length + shift);
        buffer.set(bytes, shift);
        expect(readModel(buffer.subarray(shift))).toEqual(graph);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it("keeps markers for the end, beyond what a number holds, as the largest one", () => {
    const [graph] = fc.sample(graphs(scalars, "x"), { numRuns: 1, seed: 1 });
    const end = { kind: "ints", value: [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER] } as const;
    const held = { ...graph!, nodes: [{ ...graph!.nodes[0]!, attributes: { end } }] };
    expect(readModel(writeModel(held)).nodes[0]!.attributes).toEqual({ end });
  });
});

it("element types have ONNX's numbers", () => {
  expect(types.map(elementType).sort((a, b) => a - b)).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16,
  ]);
  for (const type of types) expect(dataType(elementType(type))).toBe(type);
  expect(dataType(14)).toBeUndefined();
});

it("weights beyond 2 GiB are refused before anything is encoded", () => {
  const graph = emptyGraph("large", 18);
  const data = new Uint8Array(2 ** 26);
  for (let i = 0; i < 32; i++) graph.initializers.set(`w${i}`, { type: "uint8", dims: [2 ** 26], data });
  expect(() => writeModel(graph)).toThrow('model "large": its weights take 2.0 GiB');
});
