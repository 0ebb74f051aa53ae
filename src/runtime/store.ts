/** Tensors whose memory is kept from one use to the next: allocating costs more than copying into kept memory. */
import { arrayConstructors, invariant, type Tensor } from "../base/index.js";
import type { Tensors } from "./session.js";

/** Tensors by name. The next use of a name overwrites its last tensor. */
export class Store {
  readonly #tensors = new Map<string, Tensor>();
  readonly #allocate: (bytes: number) => ArrayBufferLike;

  constructor(allocate: (bytes: number) => ArrayBufferLike) {
    this.#allocate = allocate;
  }

  /** Tensors of these types and shapes; their elements are those of the last use. */
  like(tensors: Tensors): Tensors {
    return Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, this.#tensor(name, tensor)]),
    );
  }

  /** Copies, which the next use of the same names overwrites. */
  copy(tensors: Tensors): Tensors {
    const copies = this.like(tensors);
    copyInto(copies, tensors);
    return copies;
  }

  #tensor(name: string, { type, dims, data }: Tensor): Tensor {
    const last = this.#tensors.get(name);
    if (last?.type === type && last.data.length === data.length) return { ...last, dims };
    invariant(type !== "string", "a string tensor has no buffer");
    const elements = arrayConstructors[type] as typeof Float32Array;
    const memory = this.#allocate(data.length * elements.BYTES_PER_ELEMENT);
    const tensor: Tensor = { type, dims, data: new elements(memory) as Tensor["data"] };
    this.#tensors.set(name, tensor);
    return tensor;
  }
}

/** Copies the elements of tensors into others of the same names, types and sizes. */
export function copyInto(targets: Tensors, sources: Tensors): void {
  for (const [name, { data }] of Object.entries(targets)) {
    (data as Float32Array).set(sources[name]!.data as Float32Array);
  }
}
