/** Decoding and encoding of tensors. */
import { create } from "@bufbuild/protobuf";
import {
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from "onnx-buf";
import {
  type ArrayOf,
  arrayConstructors,
  type DataType,
  SeawallError,
  sizeOf,
  type Tensor,
  tensorMemory,
} from "../../base/index.js";
import { dataType, elementType } from "../graph/builder.js";
import type { ExternalData } from "./external.js";

/**
 * Decodes a tensor. Its data is a copy: a view of one tensor would hold the bytes of the whole file.
 * @throws SeawallError `unsupported` for another element type; `model` if the data is missing or does not fit the shape
 */
export function decodeTensor(proto: TensorProto, external?: ExternalData): Tensor {
  const type = dataType(proto.dataType);
  if (type === undefined) {
    throw new SeawallError(
      "unsupported",
      `tensor "${proto.name}": element type ${proto.dataType} is not supported`,
    );
  }
  const dims = proto.dims.map(Number);
  const size = sizeOf(dims);
  if (![...dims, size].every((dim) => dim >= 0 && Number.isSafeInteger(dim))) {
    throw new SeawallError("model", `tensor "${proto.name}": invalid dimensions [${dims.join(", ")}]`);
  }
  if (type === "string") return { type, dims, data: stringsOf(proto, size) };
  const data = isExternal(proto)
    ? arrayFromBytes(type, externalBytes(proto, external), proto.name, size)
    : proto.rawData.length > 0
      ? arrayFromBytes(type, proto.rawData, proto.name, size)
      : arrayFromFields(type, proto);
  if (data.length !== size) {
    throw new SeawallError(
      "model",
      `tensor "${proto.name}": the file has ${data.length} elements, its dimensions [${dims.join(", ")}] need ${size}; it is damaged`,
    );
  }
  return { type, dims, data };
}

function isExternal(proto: TensorProto): boolean {
  return proto.dataLocation === TensorProto_DataLocation.EXTERNAL;
}

function externalBytes(proto: TensorProto, external: ExternalData | undefined): Uint8Array {
  const entry = (key: string) => proto.externalData.find((pair) => pair.key === key)?.value;
  const location = entry("location") ?? "";
  if (!external) {
    throw new SeawallError(
      "model",
      `tensor "${proto.name}": its data is in the external file "${location}", which is not available; read the model from disk`,
    );
  }
  const bytes = external(location);
  const offset = Number(entry("offset") ?? 0);
  const length = Number(entry("length") ?? bytes.length - offset);
  if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) {
    throw new SeawallError(
      "model",
      `tensor "${proto.name}": needs bytes ${offset} to ${offset + length} of "${location}", which has only ${bytes.length}; the file is truncated`,
    );
  }
  return bytes.subarray(offset, offset + length);
}

function arrayFromBytes(type: Exclude<DataType, "string">, bytes: Uint8Array, name: string, size: number) {
  const TypedArray = arrayConstructors[type];
  if (bytes.length !== size * TypedArray.BYTES_PER_ELEMENT) {
    throw new SeawallError(
      "model",
      `tensor "${name}": the file has ${bytes.length} bytes, ${size} elements of ${type} need ${size * TypedArray.BYTES_PER_ELEMENT}; it is damaged`,
    );
  }
  const copy = new TypedArray(tensorMemory(bytes.length) as ArrayBuffer);
  new Uint8Array(copy.buffer).set(bytes);
  return copy;
}

function arrayFromFields(type: Exclude<DataType, "string">, proto: TensorProto): ArrayOf[DataType] {
  switch (type) {
    case "float32":
      return Float32Array.from(proto.floatData);
    case "float64":
      return Float64Array.from(proto.doubleData);
    case "int64":
      return BigInt64Array.from(proto.int64Data);
    case "uint64":
      return BigUint64Array.from(proto.uint64Data);
    case "uint32":
      return Uint32Array.from(proto.uint64Data, Number);
    default:
      return arrayConstructors[type].from(proto.int32Data);
  }
}

function stringsOf(proto: TensorProto, size: number): string[] {
  if (proto.stringData.length !== size) {
    throw new SeawallError(
      "model",
      `tensor "${proto.name}": the file has ${proto.stringData.length} strings, its dimensions need ${size}; it is damaged`,
    );
  }
  return proto.stringData.map((bytes) => new TextDecoder().decode(bytes));
}

/** A tensor's elements as bytes, without copying; undefined for strings. */
export function bytesOf({ type, data }: Tensor): Uint8Array<ArrayBuffer> | undefined {
  if (type === "string") return undefined;
  const { buffer, byteOffset, byteLength } = data as Exclude<ArrayOf[DataType], string[]>;
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** Encodes a tensor with its data inside the message. */
export function encodeTensor(name: string, tensor: Tensor): TensorProto {
  const proto = describeTensor(name, tensor);
  const bytes = bytesOf(tensor);
  if (bytes) proto.rawData = bytes;
  else proto.stringData = (tensor.data as string[]).map((text) => new TextEncoder().encode(text));
  return proto;
}

/** Encodes a tensor whose data is in another file, at `offset`; `offset` and `length` are in bytes. */
export function externalTensor(
  name: string,
  tensor: Tensor,
  place: { readonly location: string; readonly offset: number; readonly length: number },
): TensorProto {
  const proto = describeTensor(name, tensor);
  proto.dataLocation = TensorProto_DataLocation.EXTERNAL;
  proto.externalData = Object.entries(place).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value: String(value) }),
  );
  return proto;
}

function describeTensor(name: string, { type, dims }: Tensor): TensorProto {
  return create(TensorProtoSchema, { name, dataType: elementType(type), dims: dims.map(BigInt) });
}
