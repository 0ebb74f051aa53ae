/** The storages of a torch file and the tensors that look into them, opened before their bytes are at hand. */
import { arrayConstructors, invariant, type Tensor } from "../../base/index.js";
import { checkedSize, type Elements, elementBytes, elementsOf, type NumericType } from "../guard/elements.js";
import { Budget, limits } from "../guard/limits.js";
import { quote, refuse } from "../guard/refuse.js";
import { PickledObject } from "./value.js";

/** A run of bytes that a pickle refers to by its key. */
interface StorageBytes {
  readonly key: string;
  readonly type: NumericType;
  readonly byteLength: number;
  bytes: Uint8Array | undefined;
  /** One typed array per type, so that shared storages stay shared and are checked once. */
  readonly byType: Map<NumericType, Elements>;
}

/** A storage as the pickle holds it: its bytes, seen as `length` elements of a type from element `start`. */
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

/** Where a tensor's elements lie: at `offset` in a storage, `strides` apart. */
interface Pending {
  readonly tensor: { readonly type: NumericType; readonly dims: readonly number[]; data: Elements };
  readonly storage: StorageRef;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** All storages of one file; what tensors may cost is decided when they are named, before any byte is copied. */
export class Storages {
  /** Bytes that may be copied on behalf of this file. */
  readonly copies: Budget;
  readonly #fileBytes: number;
  readonly #sources = new Map<string, StorageBytes>();
  readonly #pending: Pending[] = [];

  constructor(fileBytes: number) {
    this.#fileBytes = fileBytes;
    this.copies = new Budget(fileBytes + limits.spareBytes, "bytes of copies");
  }

  /** Element type and bytes of a storage that was opened, as first named. */
  sizeOf(key: string): { readonly type: NumericType; readonly byteLength: number } | undefined {
    return this.#sources.get(key);
  }

  /** The storage `key` of `length` elements, or the view of `view.length` elements from `view.start` on. */
  open(key: string, type: NumericType, length: number, view = { start: 0, length }): StorageRef {
    const byteLength = checkedSize([length]) * elementBytes(type);
    if (byteLength > this.#fileBytes) {
      refuse(`storage ${quote(key)} claims ${byteLength} bytes, but the whole file has ${this.#fileBytes}`);
    }
    if (checkedSize([view.start]) + checkedSize([view.length]) > length) {
      refuse(`a view of storage ${quote(key)} ends beyond its ${length} elements`);
    }
    const source = this.#sources.get(key) ?? { key, type, byteLength, bytes: undefined, byType: new Map() };
    if (source.byteLength !== byteLength) {
      refuse(`storage ${quote(key)} is said to have ${source.byteLength} and then ${byteLength} bytes`);
    }
    this.#sources.set(key, source);
    return new StorageRef(source, type, view.start, view.length);
  }

  /**
   * A tensor whose elements come with `fill`.
   * @throws SeawallError `weights` when a stride leads out of the storage, or when dense copies of all tensors
   * so far would take more than the file's size and 16 MiB.
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
    if (strides.length !== dims.length) refuse(`a tensor of ${dims.length} axes, ${strides.length} strides`);
    checkedSize([offset]);
    for (const stride of strides) checkedSize([stride]);
    const end =
      size === 0 ? 0 : offset + dims.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis]!, 1);
    if (end > held) {
      refuse(
        `a tensor of shape [${dims.join(", ")}] reaches element ${end} of storage ${quote(storage.source.key)}, ` +
          `which holds ${held}; the file is damaged or hostile`,
      );
    }
    if (!isDense(dims, strides)) this.copies.spend(size * elementBytes(type));
    // Copies: the pickle could still grow its own lists after they were checked.
    const tensor = { type, dims: [...dims], data: new arrayConstructors[type](0) as Elements };
    this.#pending.push({ tensor, storage, offset: storage.start + offset, strides: [...strides] });
    return tensor;
  }

  /** Gives every tensor its elements: views of the storages' bytes where rows lie densely, else copies. */
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

/** Elements of a type that a storage has room for. */
function heldBy(storage: StorageRef, type: NumericType): number {
  if (type === storage.type) return storage.length;
  if (storage.start > 0) refuse(`a view of a ${storage.type} storage as ${type}`);
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
  const elements = elementsOf(type, source.bytes.subarray(0, whole));
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
  // Axes of length 1 would make the carry below longer than the copy itself.
  const axes = [...allDims.keys()].filter((axis) => allDims[axis] !== 1);
  const dims = axes.map((axis) => allDims[axis]!);
  const strides = axes.map((axis) => allStrides[axis]!);
  const index = dims.map(() => 0);
  // Both arrays are of one class, which the type of `Elements` cannot say.
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
