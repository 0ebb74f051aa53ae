/** Decoding: from ONNX's protobuf messages to graphs, nodes and attributes. Operators do not matter here. */
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
import type { ExternalData } from "./external.js";
import { standardDomain } from "./protos.js";
import { decodeTensor } from "./tensors.js";

/** Facts about the whole file: the versions of operators, and the source of external tensor data. */
export interface DecodeContext {
  readonly opset: number;
  readonly domains: ReadonlyMap<string, number>;
  readonly external: ExternalData | undefined;
}

/** Decodes a graph. Its inputs do not include initializers, which older files list among them. */
export function decodeGraph(proto: GraphProto, context: DecodeContext): Graph {
  if (proto.sparseInitializer.length > 0) {
    throw new SeawallError(
      "unsupported",
      "has sparse initializers, which are not supported; export it with dense weights",
    );
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
      throw new SeawallError("model", `has two initializers named "${proto.name}"; the file is damaged`);
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

/** A number, or the name of a symbolic dimension. Some exporters write 0 or -1 for a symbolic one. */
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

/** A 64-bit integer as a number. Values beyond 2⁵³, used as "to the end", become the largest safe integer. */
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
        `attribute "${proto.name}" has the type ${Kind[proto.type] ?? proto.type}, which Seawall does not support`,
      );
  }
}

function present<T>(content: T | undefined, proto: AttributeProto): T {
  if (content === undefined) {
    throw new SeawallError("model", `attribute "${proto.name}" is declared but empty; the file is damaged`);
  }
  return content;
}
