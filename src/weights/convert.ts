/** Conversion of tensors to float32. */
import { bfloat16ToNumber, float16ToNumber, invariant, type Tensor } from "../base/index.js";

/**
 * Converts a tensor to float32. float16 and bfloat16 are exact; float64 and large integers are rounded to nearest;
 * bools become 0 and 1. A float32 tensor is returned itself, not copied.
 */
export function toFloat32(tensor: Tensor): Tensor<"float32"> {
  if (isFloat32(tensor)) return tensor;
  return { type: "float32", dims: tensor.dims, data: convert(tensor) };
}

function isFloat32(tensor: Tensor): tensor is Tensor<"float32"> {
  return tensor.type === "float32";
}

function convert({ type, data }: Tensor): Float32Array {
  invariant(type !== "string", "a text tensor has no numbers");
  const toNumber = { float16: float16ToNumber, bfloat16: bfloat16ToNumber }[type as string] ?? Number;
  const numbers = new Float32Array(data.length);
  const source = data as ArrayLike<number>;
  for (let i = 0; i < numbers.length; i++) numbers[i] = toNumber(source[i]!);
  return numbers;
}
