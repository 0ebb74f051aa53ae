/** Tensors by name in memory that is kept from one use to the next: fresh memory costs more than a copy into it. */
import { arrayConstructors, invariant, type Tensor } from "../base/index.js";
import type { Tensors } from "./session.js";

export class Store {
  readonly #tensors = new Map<string, Tensor>();
  readonly #allocate: (bytes: number) => ArrayBufferLike;

  constructor(allocate: (bytes: number) => ArrayBufferLike) {
    this.#allocate = allocate;
  }

  /** Tensors of these types and shapes, with whatever was in them last. */
  like(tensors: Tensors): Tensors {
    return Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, this.#room(name, tensor)]),
    );
  }

  /** Copies, good until the next of these names. */
  copy(tensors: Tensors): Tensors {
    const copies = this.like(tensors);
    fill(copies, tensors);
    return copies;
  }

  #room(name: string, { type, dims, data }: Tensor): Tensor {
    const last = this.#tensors.get(name);
    if (last?.type === type && last.data.length === data.length) return { ...last, dims };
    invariant(type !== "string", "text lies in no buffer");
    const elements = arrayConstructors[type] as typeof Float32Array;
    const memory = this.#allocate(data.length * elements.BYTES_PER_ELEMENT);
    const tensor: Tensor = { type, dims, data: new elements(memory) as Tensor["data"] };
    this.#tensors.set(name, tensor);
    return tensor;
  }
}

/** Copies the elements of tensors into others of the same names, types and sizes. */
export function fill(targets: Tensors, sources: Tensors): void {
  for (const [name, { data }] of Object.entries(targets)) {
    (data as Float32Array).set(sources[name]!.data as Float32Array);
  }
}
