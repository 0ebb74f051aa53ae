/** Tensors as torch pickles them: storages by persistent id, and calls that make a tensor from a storage. */
import type { Tensor } from "../../base/index.js";
import type { NumericType } from "../guard/elements.js";
import { damaged, refuseFile } from "../guard/refuse.js";
import { StorageRef, type Storages } from "./storage.js";
import { isPickleList, kindOf, PickledObject, type PickleValue } from "./value.js";

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

/** Element type by the name of the storage class. An untyped storage counts bytes. */
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

/** Element type by torch's dtype name. */
export const tensorTypes: ReadonlyMap<string, NumericType> = new Map(
  tensorTypeNames.map((type): [string, NumericType] => [`torch.${type}`, type]),
);

/** Opens the storage of a persistent id `("storage", class, key, device, length)`. Old files add a view's position. */
export function openStorage(id: PickleValue, storages: Storages): StorageRef {
  if (!isPickleList(id) || id[0] !== "storage") damaged("a persistent id that does not name a storage");
  const [, storageClass, key, , length, view] = id;
  const type = storageClass instanceof PickledObject ? storageTypes.get(storageClass.global) : undefined;
  if (!type) refuseFile(`a storage of the type ${kindOf(storageClass)}, which is not supported`);
  if (typeof key !== "string" || typeof length !== "number") damaged("a storage without key or length");
  if (view === undefined || view === null) return storages.open(key, type, length);
  const [, start, viewLength] = isPickleList(view) ? view : [];
  if (typeof start !== "number" || typeof viewLength !== "number")
    damaged("a view of a storage without position");
  return storages.open(key, type, length, { start, length: viewLength });
}

/** `_rebuild_tensor(storage, offset, dims, strides)`, and `_v2`, whose further arguments only training needs. */
export function rebuildTensor(args: readonly PickleValue[], storages: Storages): Tensor {
  const storage = storageOf(args[0]);
  refuseLazyBits(args[6]);
  return storages.tensor(storage, storage.type, ...placeOf(args));
}

/** `_rebuild_tensor_v3`: as `_v2`, on untyped bytes; the element type is the seventh argument. */
export function rebuildTensorV3(args: readonly PickleValue[], storages: Storages): Tensor {
  const dtype = args[6];
  const type = dtype instanceof PickledObject ? tensorTypes.get(dtype.global) : undefined;
  if (!type)
    refuseFile(`a tensor of the type ${kindOf(dtype)}, which is not supported; convert it to float32 first`);
  refuseLazyBits(args[7]);
  return storages.tensor(storageOf(args[0]), type, ...placeOf(args));
}

function storageOf(value: PickleValue | undefined): StorageRef {
  if (!(value instanceof StorageRef)) damaged(`a tensor over a ${kindOf(value)} instead of a storage`);
  return value;
}

function placeOf([, offset, dims, strides]: readonly PickleValue[]): [number, number[], number[]] {
  if (typeof offset !== "number" || !isPickleList(dims) || !isPickleList(strides))
    damaged("a tensor without position or shape");
  return [offset, dims as number[], strides as number[]];
}

/** torch saves negation and conjugation of a view as flags. Ignoring them would give wrong signs. */
function refuseLazyBits(metadata: PickleValue | undefined): void {
  if (!(metadata instanceof Map)) return;
  if (metadata.get("neg") === true || metadata.get("conj") === true) {
    refuseFile(
      "a tensor saved as a negated or conjugated view; call resolve_neg().resolve_conj() before saving",
    );
  }
}
