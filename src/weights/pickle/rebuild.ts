/** How torch writes tensors into pickles: storages by persistent id, and calls that lay a tensor over one. */
import type { Tensor } from "../../base/index.js";
import type { NumericType } from "../guard/elements.js";
import { damaged, refuse } from "../guard/refuse.js";
import { StorageRef, type Storages } from "./storage.js";
import { isList, kindOf, PickledObject, type Value } from "./value.js";

const byStorageName: Readonly<Record<string, NumericType>> = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
  UntypedStorage: "uint8",
};

/** Element types by the storage classes' names; an untyped storage counts bytes. */
export const storageTypes: ReadonlyMap<string, NumericType> = new Map(
  Object.entries(byStorageName).flatMap(([name, type]) =>
    ["torch", "torch.cuda", "torch.storage"].map((module): [string, NumericType] => [
      `${module}.${name}`,
      type,
    ]),
  ),
);

const tensorTypeNames: readonly NumericType[] = [
  ...(["float32", "float64", "float16", "bfloat16", "bool"] as const),
  ...(["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"] as const),
];

/** Element types by torch's dtype names. */
export const tensorTypes: ReadonlyMap<string, NumericType> = new Map(
  tensorTypeNames.map((type): [string, NumericType] => [`torch.${type}`, type]),
);

/** The storage of a persistent id `("storage", class, key, device, length)`, with a view's place in old files. */
export function openStorage(id: Value, storages: Storages): StorageRef {
  if (!isList(id) || id[0] !== "storage") damaged("a persistent id that names no storage");
  const [, storageClass, key, , length, view] = id;
  const type = storageClass instanceof PickledObject ? storageTypes.get(storageClass.global) : undefined;
  if (!type) refuse(`a storage of the kind ${kindOf(storageClass)}, which is not read`);
  if (typeof key !== "string" || typeof length !== "number") damaged("a storage without key or length");
  if (view === undefined || view === null) return storages.open(key, type, length);
  const [, start, viewLength] = isList(view) ? view : [];
  if (typeof start !== "number" || typeof viewLength !== "number") damaged("a storage's view without place");
  return storages.open(key, type, length, { start, length: viewLength });
}

/** `_rebuild_tensor(storage, offset, dims, strides)` and `_v2`, which adds what only training needs. */
export function rebuildTensor(args: readonly Value[], storages: Storages): Tensor {
  const storage = storageOf(args[0]);
  refuseLazyBits(args[6]);
  return storages.tensor(storage, storage.type, ...placeOf(args));
}

/** `_rebuild_tensor_v3`: as before, over untyped bytes, the element type being the seventh argument. */
export function rebuildTensorV3(args: readonly Value[], storages: Storages): Tensor {
  const dtype = args[6];
  const type = dtype instanceof PickledObject ? tensorTypes.get(dtype.global) : undefined;
  if (!type) refuse(`a tensor of the type ${kindOf(dtype)}, which is not read; convert it to float32 first`);
  refuseLazyBits(args[7]);
  return storages.tensor(storageOf(args[0]), type, ...placeOf(args));
}

function storageOf(value: Value | undefined): StorageRef {
  if (!(value instanceof StorageRef)) damaged(`a tensor over a ${kindOf(value)} instead of a storage`);
  return value;
}

function placeOf([, offset, dims, strides]: readonly Value[]): [number, number[], number[]] {
  if (typeof offset !== "number" || !isList(dims) || !isList(strides))
    damaged("a tensor without place or shape");
  return [offset, dims as number[], strides as number[]];
}

/** torch can save a negated or conjugated view as a flag; reading it plainly would flip signs. */
function refuseLazyBits(metadata: Value | undefined): void {
  if (!(metadata instanceof Map)) return;
  if (metadata.get("neg") === true || metadata.get("conj") === true) {
    refuse("a tensor saved as a negated or conjugated view; call resolve_neg().resolve_conj() before saving");
  }
}
