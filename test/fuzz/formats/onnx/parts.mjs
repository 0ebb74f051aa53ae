/** Parts of ONNX's messages, found and made. */
import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";

const kinds = AttributeProto_AttributeType;
export const elementTypes = TensorProto_DataType;

/** A graph of a model: mostly the outer one, else one that a node holds. */
export function graphIn(model, chance) {
  const held = heldGraphs(model.graph);
  return held.length > 0 && chance.is(0.3) ? chance.of(held) : model.graph;
}

/** Graphs inside the nodes of a graph, at any depth. */
function heldGraphs(graph) {
  const direct = graph.node.flatMap(({ attribute }) =>
    attribute.flatMap(({ g, graphs }) => (g ? [g, ...graphs] : graphs)),
  );
  return direct.flatMap((inner) => [inner, ...heldGraphs(inner)]);
}

/** Nodes of a model, in its graphs and functions. */
export function nodesIn(model) {
  const graphs = [model.graph, ...heldGraphs(model.graph)];
  return [...graphs.flatMap(({ node }) => node), ...model.functions.flatMap(({ node }) => node)];
}

/** Stored tensors of a model. */
export function tensorsIn(model) {
  const graphs = [model.graph, ...heldGraphs(model.graph)];
  const held = nodesIn(model).flatMap(({ attribute }) =>
    attribute.flatMap(({ t, tensors }) => (t ? [t, ...tensors] : tensors)),
  );
  return [...graphs.flatMap(({ initializer }) => initializer), ...held];
}

/** Names of values in a graph. */
export function namesIn(graph) {
  const made = graph.node.flatMap(({ input, output }) => [...input, ...output]);
  return [
    ...new Set([...made, ...[...graph.input, ...graph.output, ...graph.initializer].map(({ name }) => name)]),
  ];
}

/** An attribute of this name: a whole number, text, list, tensor or graph. */
export function attributeOf(name, value) {
  const attribute = create(AttributeProtoSchema, { name });
  return Object.assign(attribute, heldBy(value));
}

function heldBy(value) {
  if (typeof value === "bigint") return { type: kinds.INT, i: value };
  if (typeof value === "number") return { type: kinds.FLOAT, f: value };
  if (typeof value === "string") return { type: kinds.STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { type: kinds.INTS, ints: value };
  return "node" in value ? { type: kinds.GRAPH, g: value } : { type: kinds.TENSOR, t: value };
}

export function nodeOf(opType, input, output, attributes = {}, domain = "") {
  const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
  return create(NodeProtoSchema, { opType, name: `the ${opType}`, input, output, attribute, domain });
}

/** A list of int64, a scalar where `dims` is empty. */
export function int64Tensor(name, values, dims = [BigInt(values.length)]) {
  return create(TensorProtoSchema, { name, dataType: elementTypes.INT64, dims, int64Data: values });
}

export function boolTensor(name, value) {
  return create(TensorProtoSchema, {
    name,
    dataType: elementTypes.BOOL,
    dims: [],
    int32Data: [Number(value)],
  });
}

export function graphOf(name, node, output, input = []) {
  const info = (value) => create(ValueInfoProtoSchema, { name: value });
  return create(GraphProtoSchema, { name, node, input: input.map(info), output: output.map(info) });
}

export function entriesOf(record) {
  return Object.entries(record).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
}

/**
 * Puts nodes between a node and those that read its first output: `write` gets the value, and a name for what it makes of it.
 * @param write returns {nodes, initializers}
 */
export function insertAfter(graph, chance, write) {
  const node = chance.of(graph.node.filter(({ output }) => output[0]));
  if (!node) return;
  const value = node.output[0];
  const inner = `${value}/fuzz${graph.node.length}`;
  node.output[0] = inner;
  const { nodes, initializers = [] } = write(inner, value);
  graph.node.splice(graph.node.indexOf(node) + 1, 0, ...nodes);
  graph.initializer.push(...initializers);
}
