/** Many tensors in one vector: an optimizer sees the vector, a network sees the tensors, and nothing is copied. */
import { invariant, sizeOf, type Tensor } from "../../base/index.js";

/** A name and a shape, at a place of the vector. */
export interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  /** Of the first element. */
  readonly offset: number;
}

/** Which tensors lie where in a vector of `length` numbers. */
export interface VectorLayout {
  readonly slots: readonly Slot[];
  readonly length: number;
}

/** The tensors one after the other. */
export function layOut(tensors: readonly Pick<Slot, "name" | "shape">[]): VectorLayout {
  let length = 0;
  const slots = tensors.map(({ name, shape }) => {
    const slot = { name, shape, offset: length };
    length += sizeOf(shape);
    return slot;
  });
  return { slots, length };
}

/** The tensors of a vector under their names, with `prefix` before them: views, which share its memory. */
export function viewsOf(layout: VectorLayout, vector: Float32Array, prefix = ""): Record<string, Tensor> {
  invariant(vector.length === layout.length, `a vector of ${vector.length} for a layout of ${layout.length}`);
  return Object.fromEntries(
    layout.slots.map(({ name, shape, offset }) => [
      `${prefix}${name}`,
      { type: "float32", dims: shape, data: vector.subarray(offset, offset + sizeOf(shape)) },
    ]),
  );
}

/** A vector with the tensors' elements. */
export function pack(layout: VectorLayout, tensors: ReadonlyMap<string, Tensor>): Float32Array {
  const vector = new Float32Array(layout.length);
  for (const { name, offset } of layout.slots) {
    const tensor = tensors.get(name);
    invariant(tensor?.type === "float32", `no float32 tensor ${name}`);
    vector.set(tensor.data as Float32Array, offset);
  }
  return vector;
}
