/** Tensors as plain data: an element type, dimensions, and elements in row-major order. */

/** The array type for each element type. float16 and bfloat16 are stored as bit patterns, bool as 0 or 1. */
export interface ArrayOf {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  string: string[];
}

export type DataType = keyof ArrayOf;

/** A dense tensor in row-major order; `data.length` is the product of `dims`. */
export interface Tensor<T extends DataType = DataType> {
  readonly type: T;
  readonly dims: readonly number[];
  readonly data: ArrayOf[T];
}

/** The constructor for each element type's array, strings excepted. */
export const arrayConstructors = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

/** The number of elements of a shape; 1 for a scalar, whose shape is empty. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** A float32 tensor from numbers. */
export function float32(dims: readonly number[], data: ArrayLike<number>): Tensor<"float32"> {
  return { type: "float32", dims, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** An int64 tensor from integers. */
export function int64(dims: readonly number[], data: ArrayLike<number | bigint>): Tensor<"int64"> {
  const integers = new BigInt64Array(data.length);
  for (let i = 0; i < integers.length; i++) integers[i] = BigInt(data[i]!);
  return { type: "int64", dims, data: integers };
}

/** The elements of a numeric tensor as JavaScript numbers. Integers beyond ±2⁵³ are rounded. */
export function numbersOf(tensor: Tensor): number[] {
  if (tensor.type === "string") throw new Error("internal: a string tensor has no numbers");
  if (tensor.type === "float16") return Array.from(tensor.data as Uint16Array, float16ToNumber);
  if (tensor.type === "bfloat16") return Array.from(tensor.data as Uint16Array, bfloat16ToNumber);
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** The value of an IEEE 754 half-precision bit pattern. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The half-precision bit pattern nearest to a number, ties to even. From ±65520 on it is infinite. */
export function numberToFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  // In units of the last fraction bit. If rounding carries, 2048 steps give the next exponent with fraction 0.
  const steps = roundToEven(size * 2 ** (10 - exponent));
  const normal = steps >= 1024 ? ((exponent + 15) << 10) + (steps - 1024) : steps;
  return sign | normal;
}

function roundToEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

const scratch = new DataView(new ArrayBuffer(4));

/** The value of a bfloat16 bit pattern (the upper half of a float32). */
export function bfloat16ToNumber(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}
