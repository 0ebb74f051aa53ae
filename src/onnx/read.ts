/** Reading: an ONNX file's bytes → a graph in the one form that the rest of Seawall knows. */
import { fromBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  type GraphProto,
  AttributeProto_AttributeType as Kind,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type ValueInfoProto,
} from "onnx-buf";
import { messageOf, SeawallError } from "../base/index.js";
import { dataType } from "./builder.js";
import { inlineFunctions } from "./functions.js";
import type { Attribute, Graph, Node, ValueInfo } from "./graph.js";
import { decodeTensor, type ExternalData } from "./tensors.js";
import { upgrade } from "./upgrade.js";
import { topologicalOrder } from "./walk.js";

export interface ReadOptions {
  /** Names the file in messages. */
  readonly file?: string;
  /** Reads a file of external tensor data. */
  readonly external?: ExternalData;
}

/**
 * Reads an ONNX model (IR 3 and later, opset 7 and later): functions inlined, every node named, nodes in
 * topological order and in the form that `upgrade` describes, initializers no longer listed as inputs.
 * @throws SeawallError `model` for bytes that are no ONNX model or a damaged one, `unsupported` for one
 * that uses what Seawall does not know.
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): Graph {
  const file = options.file ?? "model";
  try {
    return upgrade(graphOf(parse(bytes), options.external));
  } catch (error) {
    if (error instanceof SeawallError)
      throw new SeawallError(error.code, `${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

function parse(bytes: Uint8Array): ModelProto {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    throw new SeawallError(
      "model",
      `not an ONNX file, or a truncated one (${messageOf(error)}); export or copy it again`,
      {
        cause: error,
      },
    );
  }
  if (!model.graph || model.graph.node.length === 0) {
    throw new SeawallError(
      "model",
      "holds no graph: not an ONNX model, or a truncated one; export or copy it again",
    );
  }
  return model;
}

function graphOf(model: ModelProto, external?: ExternalData): Graph {
  const domains = new Map(model.opsetImport.map((entry) => [standard(entry.domain), Number(entry.version)]));
  const opset = domains.get("") ?? 0;
  if (opset < 7) {
    throw new SeawallError(
      "unsupported",
      `written for opset ${opset || "unknown"}; Seawall reads opset 7 and later: convert it with onnx.version_converter`,
    );
  }
  domains.delete("");
  const graph = decodeGraph(model.graph!, { opset, domains }, external);
  const inlined = inlineFunctions(graph, model.functions, external);
  const nodes = topologicalOrder(inlined);
  if (!nodes) throw new SeawallError("model", "the graph's nodes form a circle");
  return { ...inlined, nodes: nameNodes(nodes) };
}

const standard = (domain: string) => (domain === "ai.onnx" ? "" : domain);

interface Versions {
  readonly opset: number;
  readonly domains: Map<string, number>;
}

function decodeGraph(proto: GraphProto, versions: Versions, external?: ExternalData): Graph {
  if (proto.sparseInitializer.length > 0) {
    throw new SeawallError("unsupported", "holds sparse initializers; export it with dense weights");
  }
  const initializers = new Map(
    proto.initializer.map((tensor) => [tensor.name, decodeTensor(tensor, external)]),
  );
  return {
    name: proto.name || "graph",
    opset: versions.opset,
    domains: new Map(versions.domains),
    inputs: proto.input.filter((input) => !initializers.has(input.name)).map(decodeValue),
    outputs: proto.output.map(decodeValue),
    initializers,
    nodes: proto.node.map((node) => decodeNode(node, versions, external)),
  };
}

function decodeValue(proto: ValueInfoProto): ValueInfo {
  const type = proto.type?.value;
  if (type?.case !== "tensorType") return { name: proto.name, type: undefined, shape: undefined };
  return {
    name: proto.name,
    type: dataType(type.value.elemType),
    shape: type.value.shape?.dim.map((dim, i) =>
      dim.value.case === "dimValue" ? Number(dim.value.value) : dim.value.value || `${proto.name}.${i}`,
    ),
  };
}

/** A node of a graph or of a function's body; `versions` go to the graphs inside it. */
export function decodeNode(proto: NodeProto, versions: Versions, external?: ExternalData): Node {
  return {
    op: proto.opType,
    domain: standard(proto.domain),
    name: proto.name,
    inputs: proto.input,
    outputs: proto.output,
    attributes: Object.fromEntries(
      proto.attribute.map((entry) => [entry.name, decodeAttribute(entry, versions, external)]),
    ),
  };
}

/** 64-bit integers become numbers; "to the end" markers beyond 2⁵³ are cut to the largest safe one. */
function toNumber(value: bigint): number {
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(value > limit ? limit : value < -limit ? -limit : value);
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

export function decodeAttribute(
  proto: AttributeProto,
  versions: Versions,
  external?: ExternalData,
): Attribute {
  switch (proto.type) {
    case Kind.INT:
      return { kind: "int", value: toNumber(proto.i) };
    case Kind.FLOAT:
      return { kind: "float", value: proto.f };
    case Kind.STRING:
      return { kind: "string", value: text(proto.s) };
    case Kind.INTS:
      return { kind: "ints", value: proto.ints.map(toNumber) };
    case Kind.FLOATS:
      return { kind: "floats", value: proto.floats };
    case Kind.STRINGS:
      return { kind: "strings", value: proto.strings.map(text) };
    case Kind.TENSOR:
      return { kind: "tensor", value: decodeTensor(proto.t!, external) };
    case Kind.GRAPH:
      return { kind: "graph", value: decodeGraph(proto.g!, versions, external) };
    case Kind.GRAPHS:
      return { kind: "graphs", value: proto.graphs.map((graph) => decodeGraph(graph, versions, external)) };
    default:
      throw new SeawallError(
        "unsupported",
        `attribute "${proto.name}" is of a kind Seawall does not read (${proto.type})`,
      );
  }
}

/** Gives every node a name of its own: exporters may leave names empty or use one twice. */
function nameNodes(nodes: readonly Node[]): Node[] {
  const taken = new Set<string>();
  return nodes.map((node) => {
    const stem = node.name || node.outputs[0] || node.op;
    let name = stem;
    for (let i = 1; taken.has(name); i++) name = `${stem}_${i}`;
    taken.add(name);
    return name === node.name ? node : { ...node, name };
  });
}
