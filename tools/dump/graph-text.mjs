/**
 * Writes an ONNX model as normalised text. Equal computations with the same names and order give the same text. Node
 * names, doc strings, the producer and value_info are left out. One line per item, `kind JSON`:
 *
 *     opset {"":17}
 *     name "loss"
 *     metadata [KEY,VALUE]
 *     input [NAME,"FLOAT[1,3,N]"]
 *     init [NAME,"FLOAT[8]",SHA256]
 *     node [OP,[INPUTS],[OUTPUTS],{ATTRIBUTES}]
 *     output [NAME,"FLOAT[1,3,N]"]
 *
 * OP carries its domain as a prefix (`com.microsoft::Gelu`). A subgraph is an attribute {"graph":[LINES]}.
 */
import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { AttributeProto_AttributeType, ModelProtoSchema, TensorProto_DataType } from "onnx-buf";

/** @param {Uint8Array} bytes an ONNX file */
export function modelText(bytes) {
  const model = fromBinary(ModelProtoSchema, bytes);
  const opsets = model.opsetImport.map(({ domain, version }) => [
    domain === "ai.onnx" ? "" : domain,
    version,
  ]);
  const lines = [
    line("opset", Object.fromEntries(opsets.sort(byText))),
    line("name", model.graph.name),
    ...[...model.metadataProps, ...model.graph.metadataProps]
      .map(({ key, value }) => line("metadata", [key, value]))
      .sort(),
    ...model.functions.map(({ name, domain }) => line("function", [domain, name])),
    ...graphLines(model.graph),
  ];
  return `${lines.join("\n")}\n`;
}

/** @param {string} text */
export const hashText = (text) => createHash("sha256").update(text).digest("hex").slice(0, 16);

function graphLines(graph) {
  return [
    ...graph.input.map((value) => line("input", [value.name, typeText(value.type)])),
    ...graph.initializer.map((tensor) => line("init", [tensor.name, ...tensorText(tensor)])),
    ...graph.sparseInitializer.map((tensor) => line("sparse", tensor.values?.name ?? "")),
    ...graph.node.map(nodeLine),
    ...graph.output.map((value) => line("output", [value.name, typeText(value.type)])),
  ];
}

function nodeLine({ opType, domain, input, output, attribute }) {
  const op = domain && domain !== "ai.onnx" ? `${domain}::${opType}` : opType;
  const attributes = attribute.map((one) => [one.name, attributeValue(one)]).sort(byText);
  return line("node", [op, input, output, Object.fromEntries(attributes)]);
}

/** Readers of an attribute's value, by its type. The dump refuses unknown types, which would otherwise compare equal. */
const attributeValues = {
  FLOAT: ({ f }) => float(f),
  INT: ({ i }) => i,
  STRING: ({ s }) => utf8(s),
  TENSOR: ({ t }) => ({ tensor: tensorText(t) }),
  GRAPH: ({ g }) => ({ graph: graphLines(g) }),
  FLOATS: ({ floats }) => floats.map(float),
  INTS: ({ ints }) => ints,
  STRINGS: ({ strings }) => strings.map(utf8),
};

function attributeValue(attribute) {
  const type = AttributeProto_AttributeType[attribute.type];
  const value = attributeValues[type];
  if (!value) throw new Error(`attribute ${attribute.name}: the dump cannot write the type ${type}`);
  return value(attribute);
}

/** `FLOAT[8]` and the SHA-256 of the data, or the data itself (hexadecimal) up to 16 bytes. */
function tensorText(tensor) {
  const bytes = tensorBytes(tensor);
  const data =
    bytes.length <= 16
      ? Buffer.from(bytes).toString("hex")
      : createHash("sha256").update(bytes).digest("hex");
  return [`${TensorProto_DataType[tensor.dataType]}[${tensor.dims.join(",")}]`, data];
}

/** The data as raw little-endian bytes, from the field that holds it. */
function tensorBytes(tensor) {
  if (tensor.externalData.length > 0) {
    return Buffer.from(JSON.stringify(tensor.externalData.map(({ key, value }) => [key, value])));
  }
  if (tensor.rawData.length > 0) return tensor.rawData;
  if (tensor.stringData.length > 0) return Buffer.from(JSON.stringify(tensor.stringData.map(utf8)));
  if (tensor.floatData.length > 0) return bytesOf(Float32Array.from(tensor.floatData));
  if (tensor.doubleData.length > 0) return bytesOf(Float64Array.from(tensor.doubleData));
  if (tensor.int64Data.length > 0) return bytesOf(BigInt64Array.from(tensor.int64Data));
  if (tensor.uint64Data.length > 0) return bytesOf(BigUint64Array.from(tensor.uint64Data));
  return bytesOf(int32Array(TensorProto_DataType[tensor.dataType]).from(tensor.int32Data));
}

/** `int32_data` holds all small types, one value per int32. */
function int32Array(type) {
  if (["BOOL", "UINT8"].includes(type)) return Uint8Array;
  if (type === "INT8") return Int8Array;
  if (["FLOAT16", "BFLOAT16", "UINT16"].includes(type)) return Uint16Array;
  return type === "INT16" ? Int16Array : Int32Array;
}

const bytesOf = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const utf8 = (bytes) => new TextDecoder().decode(bytes);

function typeText(type) {
  if (type?.value.case !== "tensorType") return type?.value.case ?? "?";
  const { elemType, shape } = type.value.value;
  const dims = shape ? shape.dim.map((dim) => dim.value.value ?? "?").join(",") : "...";
  return `${TensorProto_DataType[elemType]}[${dims}]`;
}

/** Encodes −0, infinities and NaN, which JSON lacks. */
const float = (value) => (Object.is(value, -0) || !Number.isFinite(value) ? `float ${repr(value)}` : value);
const repr = (value) => (Object.is(value, -0) ? "-0" : String(value));
const byText = ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0);

function line(kind, value) {
  return `${kind} ${JSON.stringify(value, (_, item) => (typeof item === "bigint" ? Number(item) : item))}`;
}
