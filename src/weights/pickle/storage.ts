/** The storages of a torch file and the tensors on them. Both are declared first and get their bytes later. */
import { arrayConstructors, invariant, type Tensor } from "../../base/index.js";
import {
  checkedSize,
  type Elements,
  elementBytes,
  elementView,
  type NumericType,
} from "../guard/elements.js";
import { Budget, limits } from "../guard/limits.js";
import { quoteUntrusted, refuseFile } from "../guard/refuse.js";
import { PickledObject } from "./value.js";

/** A block of bytes that a pickle refers to by a key. */
interface StorageBytes {
  readonly key: string;
  readonly type: NumericType;
  readonly byteLength: number;
  bytes: Uint8Array | undefined;
  /** One array per type, so that tensors share memory as in torch, and bytes are checked once. */
  readonly byType: Map<NumericType, Elements>;
}

/** A storage as a pickle refers to it: `length` elements of a type, from element `start` on. */
export class StorageRef extends PickledObject {
  readonly source: StorageBytes;
  readonly type: NumericType;
  readonly start: number;
  readonly length: number;

  constructor(source: StorageBytes, type: NumericType, start: number, length: number) {
    super("torch.storage", [source.key]);
    this.source = source;
    this.type = type;
    this.start = start;
    this.length = length;
  }
}

/** A tensor that has no elements yet, and their position in a storage: `offset` and `strides`, in elements. */
interface Pending {
  readonly tensor: { readonly type: NumericType; readonly dims: readonly number[]; data: Elements };
  readonly storage: StorageRef;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** All storages of one file. Memory is budgeted when a tensor is declared, before any byte is copied. */
export class Storages {
  /** Bytes that may be copied for this file. */
  readonly copies: Budget;
  readonly #fileBytes: number;
  readonly #sources = new Map<string, StorageBytes>();
  readonly #pending: Pending[] = [];

  constructor(fileBytes: number) {
    this.#fileBytes = fileBytes;
    this.copies = new Budget(fileBytes + limits.spareBytes, "bytes of copies");
  }

  /** Element type and size of an opened storage; undefined if there is none of this key. */
  sizeOf(key: string): { readonly type: NumericType; readonly byteLength: number } | undefined {
    return this.#sources.get(key);
  }

  /**
   * Opens the storage `key` of `length` elements, or a view of it.
   * @throws SeawallError `weights` if it is larger than the file, or other than when it was opened before
   */
  open(key: string, type: NumericType, length: number, view = { start: 0, length }): StorageRef {
    const byteLength = checkedSize([length]) * elementBytes(type);
    if (byteLength > this.#fileBytes) {
      refuseFile(
        `storage ${quoteUntrusted(key)} claims ${byteLength} bytes, but the whole file has ${this.#fileBytes}`,
      );
    }
    if (checkedSize([view.start]) + checkedSize([view.length]) > length) {
      refuseFile(`a view of storage ${quoteUntrusted(key)} ends beyond its ${length} elements`);
    }
    const source = this.#sources.get(key) ?? { key, type, byteLength, bytes: undefined, byType: new Map() };
    if (source.byteLength !== byteLength) {
      refuseFile(
        `storage ${quoteUntrusted(key)} has ${source.byteLength} bytes in one place and ${byteLength} in another`,
      );
    }
    this.#sources.set(key, source);
    return new StorageRef(source, type, view.start, view.length);
  }

  /**
   * Declares a tensor, which `fill` gives its elements.
   * @throws SeawallError `weights` if an element lies outside the storage, or if dense copies of all tensors so far
   * would take more than the file's size and 16 MiB
   */
  tensor(
    storage: StorageRef,
    type: NumericType,
    offset: number,
    dims: readonly number[],
    strides: readonly number[],
  ): Tensor {
    const size = checkedSize(dims);
    const held = heldBy(storage, type);
    if (strides.length !== dims.length)
      refuseFile(`a tensor of ${dims.length} axes, ${strides.length} strides`);
    checkedSize([offset]);
    for (const stride of strides) checkedSize([stride]);
    const end =
      size === 0 ? 0 : offset + dims.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis]!, 1);
    if (end > held) {
      refuseFile(
        `a tensor of shape [${dims.join(", ")}] reaches element ${end} of storage ${quoteUntrusted(storage.source.key)}, ` +
          `which holds ${held}; the file is damaged or hostile`,
      );
    }
    if (!isDense(dims, strides)) this.copies.spend(size * elementBytes(type));
    // Lists are copied, because the pickle can still append to them after the check.
    const tensor = { type, dims: [...dims], data: new arrayConstructors[type](0) as Elements };
    this.#pending.push({ tensor, storage, offset: storage.start + offset, strides: [...strides] });
    return tensor;
  }

  /** Gives every tensor its elements: views of the storages' bytes if the tensor is dense, else copies. */
  fill(bytesOf: (key: string, byteLength: number) => Uint8Array): void {
    for (const source of this.#sources.values()) {
      source.bytes = aligned(bytesOf(source.key, source.byteLength));
    }
    for (const { tensor, storage, offset, strides } of this.#pending) {
      const { type, dims } = tensor;
      const elements = viewOf(storage.source, type);
      const size = checkedSize(dims);
      tensor.data = isDense(dims, strides)
        ? elements.subarray(offset, offset + size)
        : gather(elements, offset, dims, strides, new arrayConstructors[type](size));
    }
  }
}

/** The number of elements of a type that a storage holds. */
function heldBy(storage: StorageRef, type: NumericType): number {
  if (type === storage.type) return storage.length;
  if (storage.start > 0) refuseFile(`a view of a ${storage.type} storage as ${type}`);
  return Math.floor((storage.length * elementBytes(storage.type)) / elementBytes(type));
}

function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
}

function viewOf(source: StorageBytes, type: NumericType): Elements {
  const known = source.byType.get(type);
  if (known) return known;
  invariant(source.bytes, `storage ${source.key} was never loaded`);
  const whole = source.byteLength - (source.byteLength % elementBytes(type));
  const elements = elementView(type, source.bytes.subarray(0, whole));
  source.byType.set(type, elements);
  return elements;
}

function isDense(dims: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    if (dims[axis] === 0) return true;
    if (dims[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= dims[axis]!;
  }
  return true;
}

/** Copies strided elements into row-major order. */
export function gather<E extends Elements>(
  source: E,
  offset: number,
  allDims: readonly number[],
  allStrides: readonly number[],
  target: Elements,
): E {
  // Axes of length 1 are left out, because a hostile file could have 64 of them and slow down the loop below.
  const axes = [...allDims.keys()].filter((axis) => allDims[axis] !== 1);
  const dims = axes.map((axis) => allDims[axis]!);
  const strides = axes.map((axis) => allStrides[axis]!);
  const index = dims.map(() => 0);
  // Both arrays have the same class, which the type `Elements` cannot express.
  const [from, to] = [source as Float64Array, target as Float64Array];
  let position = offset;
  for (let i = 0; i < to.length; i++) {
    to[i] = from[position]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      index[axis]! += 1;
      if (index[axis]! < dims[axis]!) break;
      position -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return target as E;
}
