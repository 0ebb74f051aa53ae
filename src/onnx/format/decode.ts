/** Decoding: ONNX's messages → plain graphs, nodes and attributes, whatever operators they hold. */
import {
  type AttributeProto,
  type GraphProto,
  AttributeProto_AttributeType as Kind,
  type NodeProto,
  type TensorProto,
  type TensorShapeProto_Dimension,
  type ValueInfoProto,
} from "onnx-buf";
import { SeawallError, type Tensor } from "../../base/index.js";
import { dataType } from "../graph/builder.js";
import type { Attribute, Graph, Node, Value, ValueInfo } from "../graph/graph.js";
import { standardDomain } from "./protos.js";
import { decodeTensor, type ExternalData } from "./tensors.js";

/** What holds for a whole file: versions of the operators, and where external tensor data comes from. */
export interface DecodeContext {
  readonly opset: number;
  readonly domains: ReadonlyMap<string, number>;
  readonly external: ExternalData | undefined;
}

/** Decodes a graph; initializers are no longer listed as inputs. */
export function decodeGraph(proto: GraphProto, context: DecodeContext): Graph {
  if (proto.sparseInitializer.length > 0) {
    throw new SeawallError("unsupported", "holds sparse initializers; export it with dense weights");
  }
  const initializers = decodeInitializers(proto.initializer, context);
  return {
    name: proto.name || "graph",
    opset: context.opset,
    domains: new Map(context.domains),
    inputs: proto.input.filter((input) => !initializers.has(input.name)).map(decodeValue),
    outputs: proto.output.map(decodeValue),
    initializers,
    nodes: proto.node.map((node) => decodeNode(node, context)),
  };
}

function decodeInitializers(protos: readonly TensorProto[], context: DecodeContext): Map<Value, Tensor> {
  const initializers = new Map<Value, Tensor>();
  for (const proto of protos) {
    if (initializers.has(proto.name)) {
      throw new SeawallError("model", `holds two initializers named "${proto.name}"; it is damaged`);
    }
    initializers.set(proto.name, decodeTensor(proto, context.external));
  }
  return initializers;
}

function decodeValue(proto: ValueInfoProto): ValueInfo {
  const type = proto.type?.value;
  if (type?.case !== "tensorType") return { name: proto.name, type: undefined, shape: undefined };
  return {
    name: proto.name,
    type: dataType(type.value.elemType),
    shape: type.value.shape?.dim.map((dim, i) => dimension(dim, `${proto.name}.${i}`)),
  };
}

/** Some exporters write 0 or -1 for a dimension that they leave open. */
function dimension({ value }: TensorShapeProto_Dimension, symbol: string): number | string {
  if (value.case === "dimParam") return value.value || symbol;
  const size = Number(value.value ?? 0);
  return size > 0 ? size : symbol;
}

function decodeNode(proto: NodeProto, context: DecodeContext): Node {
  return {
    op: proto.opType,
    domain: standardDomain(proto.domain),
    name: proto.name,
    inputs: proto.input,
    outputs: proto.output,
    attributes: Object.fromEntries(
      proto.attribute.map((entry) => [entry.name, decodeAttribute(entry, context)]),
    ),
  };
}

/** 64-bit integers become numbers; "to the end" markers beyond 2⁵³ are cut to the largest safe one. */
function toNumber(value: bigint): number {
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(value > limit ? limit : value < -limit ? -limit : value);
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function decodeAttribute(proto: AttributeProto, context: DecodeContext): Attribute {
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
      return { kind: "tensor", value: decodeTensor(present(proto.t, proto), context.external) };
    case Kind.GRAPH:
      return { kind: "graph", value: decodeGraph(present(proto.g, proto), context) };
    case Kind.GRAPHS:
      return { kind: "graphs", value: proto.graphs.map((graph) => decodeGraph(graph, context)) };
    default:
      throw new SeawallError(
        "unsupported",
        `attribute "${proto.name}" is of a kind Seawall does not read (${Kind[proto.type] ?? proto.type})`,
      );
  }
}

function present<T>(content: T | undefined, proto: AttributeProto): T {
  if (content === undefined) {
    throw new SeawallError("model", `attribute "${proto.name}" is declared but empty; the file is damaged`);
  }
  return content;
}
