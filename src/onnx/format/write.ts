/** Writing: from a graph to an ONNX file's bytes. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { SeawallError, type Tensor } from "../../base/index.js";
import { elementType } from "../graph/builder.js";
import type { Attribute, Graph, Node, ValueInfo } from "../graph/graph.js";
import { bytesOf, encodeTensor, externalTensor } from "./tensors.js";

/** The limit of one protobuf message, and so of a model without external data. */
const largestModel = 2 ** 31 - 1;

/** The IR version for each range of opsets: [first opset, IR version]. */
const irVersions = [
  [25, 13],
  [24, 12],
  [23, 11],
  [21, 10],
  [19, 9],
  [15, 8],
  [0, 7],
] as const;

/**
 * Encodes a graph as an ONNX model that includes its weights.
 * @throws SeawallError `unsupported` if the weights take more than 2 GiB
 */
export function writeModel(graph: Graph): Uint8Array {
  const weights = weightBytes(graph);
  if (weights > largestModel) {
    throw new SeawallError(
      "unsupported",
      `model "${graph.name}": its weights take ${(weights / 2 ** 30).toFixed(1)} GiB, more than the 2 GiB of one ONNX message; use a smaller model or half-precision weights`,
    );
  }
  return encodeModel(graph, encodeTensor);
}

/** The size of a graph's initializers in bytes, not counting strings. */
export function weightBytes(graph: Graph): number {
  return [...graph.initializers.values()].reduce((sum, tensor) => sum + (bytesOf(tensor)?.length ?? 0), 0);
}

/** A model without its larger tensors, which stay where they are: nothing is copied. */
export interface DetachedModel {
  readonly model: Uint8Array;
  /** The tensors' bytes, by the location that the model names. */
  readonly tensors: readonly { readonly location: string; readonly bytes: Uint8Array }[];
}

/** Encodes a graph as a model whose larger tensors are each a file of their own, which the engine is given in memory. */
export function detachModel(graph: Graph): DetachedModel {
  const tensors: { location: string; bytes: Uint8Array }[] = [];
  const model = encodeModel(graph, (name, tensor) => {
    const bytes = bytesOf(tensor);
    if (!bytes || bytes.length < smallestExternal) return encodeTensor(name, tensor);
    const location = `tensor-${tensors.length}`;
    tensors.push({ location, bytes });
    return externalTensor(name, tensor, { location, offset: 0, length: bytes.length });
  });
  return { model, tensors };
}

/** A model whose larger tensors are in a second file. */
export interface SplitModel {
  readonly model: Uint8Array;
  /** The second file's content: pieces at ascending offsets in bytes, with zeros in between. */
  readonly pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

/** In bytes. Smaller tensors stay in the model, so that tools which do not read the second file still find shapes. */
const smallestExternal = 1024;
/** The size of a memory page, so that readers can map tensors into memory. */
const alignment = 4096;

/** Encodes a graph as a model whose larger tensors are in the file `location` beside it. */
export function splitModel(graph: Graph, location: string): SplitModel {
  const pieces: { offset: number; bytes: Uint8Array }[] = [];
  let end = 0;
  const model = encodeModel(graph, (name, tensor) => {
    const bytes = bytesOf(tensor);
    if (!bytes || bytes.length < smallestExternal) return encodeTensor(name, tensor);
    const offset = Math.ceil(end / alignment) * alignment;
    end = offset + bytes.length;
    pieces.push({ offset, bytes });
    return externalTensor(name, tensor, { location, offset, length: bytes.length });
  });
  return { model, pieces };
}

type TensorEncoder = (name: string, tensor: Tensor) => TensorProto;

function encodeModel(graph: Graph, encodeInitializer: TensorEncoder): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(irVersions.find(([opset]) => graph.opset >= opset)![1]),
    producerName: "seawall",
    graph: encodeGraph(graph, encodeInitializer),
    opsetImport: [["", graph.opset] as const, ...graph.domains].map(([domain, version]) =>
      create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
    ),
  });
  return toBinary(ModelProtoSchema, model);
}

function encodeGraph(graph: Graph, encodeInitializer: TensorEncoder = encodeTensor): GraphProto {
  return create(GraphProtoSchema, {
    name: graph.name,
    input: graph.inputs.map(encodeValue),
    output: graph.outputs.map(encodeValue),
    initializer: [...graph.initializers].map(([name, tensor]) => encodeInitializer(name, tensor)),
    node: graph.nodes.map(encodeNode),
  });
}

function encodeValue(info: ValueInfo): ValueInfoProto {
  if (info.type === undefined) return create(ValueInfoProtoSchema, { name: info.name });
  const shape = info.shape?.map((dim) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof dim === "number" ? { case: "dimValue", value: BigInt(dim) } : { case: "dimParam", value: dim },
    }),
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: elementType(info.type),
    ...(shape && { shape: create(TensorShapeProtoSchema, { dim: shape }) }),
  });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } });
  return create(ValueInfoProtoSchema, { name: info.name, type });
}

function encodeNode(node: Node): NodeProto {
  return create(NodeProtoSchema, {
    opType: node.op,
    domain: node.domain,
    name: node.name,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, attribute]) => encodeAttribute(name, attribute)),
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);

function encodeAttribute(name: string, { kind, value }: Attribute): AttributeProto {
  switch (kind) {
    case "int":
      return create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(value) });
    case "float":
      return create(AttributeProtoSchema, { name, type: Kind.FLOAT, f: value });
    case "string":
      return create(AttributeProtoSchema, { name, type: Kind.STRING, s: bytes(value) });
    case "ints":
      return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: value.map(BigInt) });
    case "floats":
      return create(AttributeProtoSchema, { name, type: Kind.FLOATS, floats: [...value] });
    case "strings":
      return create(AttributeProtoSchema, { name, type: Kind.STRINGS, strings: value.map(bytes) });
    case "tensor":
      return create(AttributeProtoSchema, { name, type: Kind.TENSOR, t: encodeTensor("", value) });
    case "graph":
      return create(AttributeProtoSchema, { name, type: Kind.GRAPH, g: encodeGraph(value) });
    case "graphs":
      return create(AttributeProtoSchema, {
        name,
        type: Kind.GRAPHS,
        graphs: value.map((graph) => encodeGraph(graph)),
      });
  }
}
