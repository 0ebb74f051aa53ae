/** Many tensors in one vector: an optimizer sees the vector, a network sees the tensors, and nothing is copied. */
import { invariant, sizeOf, type Tensor } from "../../base/index.js";

/** Name and shape of a tensor, and where it begins in the vector. */
export interface TensorPlace {
  readonly name: string;
  readonly shape: readonly number[];
  /** Position of the first element. */
  readonly offset: number;
}

/** Which tensors lie where in a vector of `length` numbers. */
export interface VectorLayout {
  readonly places: readonly TensorPlace[];
  readonly length: number;
}

/** The layout of tensors that lie one after another, in the given order. */
export function layOut(tensors: readonly Pick<TensorPlace, "name" | "shape">[]): VectorLayout {
  let length = 0;
  const places = tensors.map(({ name, shape }) => {
    const place = { name, shape, offset: length };
    length += sizeOf(shape);
    return place;
  });
  return { places, length };
}

/** The tensors of a vector by `prefix` + name. They are views: they share the vector's memory. */
export function viewsOf(layout: VectorLayout, vector: Float32Array, prefix = ""): Record<string, Tensor> {
  invariant(vector.length === layout.length, `a vector of ${vector.length} for a layout of ${layout.length}`);
  return Object.fromEntries(
    layout.places.map(({ name, shape, offset }) => [
      `${prefix}${name}`,
      { type: "float32", dims: shape, data: vector.subarray(offset, offset + sizeOf(shape)) },
    ]),
  );
}

/** A new vector that holds the tensors' elements. */
export function pack(layout: VectorLayout, tensors: ReadonlyMap<string, Tensor>): Float32Array {
  const vector = new Float32Array(layout.length);
  for (const { name, offset } of layout.places) {
    const tensor = tensors.get(name);
    invariant(tensor?.type === "float32", `no float32 tensor ${name}`);
    vector.set(tensor.data as Float32Array, offset);
  }
  return vector;
}
