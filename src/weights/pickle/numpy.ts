/** NumPy's numbers and arrays in checkpoints (best scores, random states), as numbers and tensors. */
import { arrayConstructors, type DataType, numbersOf, type Tensor } from "../../base/index.js";
import {
  checkedSize,
  type Elements,
  elementBytes,
  elementView,
  type NumericType,
} from "../guard/elements.js";
import { damaged, refuseFile } from "../guard/refuse.js";
import { gather, type Storages } from "./storage.js";
import { isPickleList, kindOf, narrow, PickledObject, type PickleValue } from "./value.js";

const types: Readonly<Record<string, NumericType>> = {
  f2: "float16",
  f4: "float32",
  f8: "float64",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  b1: "bool",
};

/** `scalar(dtype, bytes)` as a bool, a number, or a bigint if a number would round it. */
export function numpyScalar([dtype, bytes]: readonly PickleValue[], storages: Storages): PickleValue {
  const type = typeOf(dtype);
  const data = dataOf(type, bytes, 1, storages);
  const [number] = numbersOf({ type, dims: [], data });
  if (type === "bool") return number === 1;
  return data instanceof BigInt64Array || data instanceof BigUint64Array ? narrow(data[0]!) : number!;
}

/** Arrays that have no state yet. A pickle makes the object first and sets its state later. */
const unfilled = new WeakMap<Tensor, { type: DataType; dims: readonly number[]; data: Elements }>();

/** `_reconstruct(ndarray, (0,), b"b")`: an empty array, filled by `setNumpyState`. */
export function numpyArray(): Tensor {
  const tensor = {
    type: "float32" as DataType,
    dims: [0] as readonly number[],
    data: new Float32Array(0) as Elements,
  };
  unfilled.set(tensor, tensor);
  return tensor;
}

/** `_frombuffer(bytes, dtype, shape, order)`, as protocol 5 writes arrays. */
export function numpyFromBuffer(
  [bytes, dtype, shape, order]: readonly PickleValue[],
  storages: Storages,
): Tensor {
  const array = numpyArray();
  setNumpyState(array, [1, shape ?? null, dtype ?? null, order === "F", bytes ?? null], storages);
  return array;
}

/** Fills an array from its state (version, shape, dtype, column-major?, bytes). */
export function setNumpyState(array: Tensor, state: PickleValue, storages: Storages): void {
  const target = unfilled.get(array);
  if (!target || !isPickleList(state)) damaged("a state for a tensor that takes none");
  const [, shape, dtype, columnMajor, bytes] = state;
  if (!isPickleList(shape)) damaged("a NumPy array without a shape");
  const size = checkedSize(shape);
  const dims = [...(shape as readonly number[])];
  const type = typeOf(dtype);
  const data = dataOf(type, bytes, size, storages);
  target.type = type;
  target.dims = dims;
  target.data = columnMajor === true ? rowMajor(type, data, dims, storages) : data;
  unfilled.delete(array);
}

function rowMajor(type: NumericType, data: Elements, dims: readonly number[], storages: Storages): Elements {
  storages.copies.spend(data.byteLength);
  let stride = 1;
  const strides = dims.map((dim) => {
    const own = stride;
    stride *= dim;
    return own;
  });
  return gather(data, 0, dims, strides, new arrayConstructors[type](data.length));
}

function typeOf(dtype: PickleValue | undefined): NumericType {
  const code = dtype instanceof PickledObject && dtype.global === "numpy.dtype" ? dtype.args?.[0] : undefined;
  if (typeof code !== "string") damaged(`a NumPy type made of a ${kindOf(dtype)}`);
  const type = Object.hasOwn(types, code) ? types[code] : undefined;
  if (!type) refuseFile("a NumPy value that is neither a number nor a bool; remove it from the checkpoint");
  const [, byteOrder] = dtype instanceof PickledObject && isPickleList(dtype.state) ? dtype.state : [];
  if (byteOrder === ">") refuseFile("a big-endian NumPy value; save it on a little-endian machine");
  return type;
}

function dataOf(
  type: NumericType,
  bytes: PickleValue | undefined,
  size: number,
  storages: Storages,
): Elements {
  // Python 2 stores bytes as text.
  const raw = typeof bytes === "string" ? Uint8Array.from(bytes, (c) => c.charCodeAt(0)) : bytes;
  if (!(raw instanceof Uint8Array) || raw.length !== size * elementBytes(type)) {
    damaged(`a NumPy value of ${size} ${type} in a ${kindOf(raw)} of another size`);
  }
  storages.copies.spend(raw.length);
  return elementView(type, raw);
}
