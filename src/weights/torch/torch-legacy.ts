/**
 * The format of torch.save before version 1.6: pickles of a magic number, a version, the machine, the object and the
 * storages' keys, followed by the storages.
 */
import { Cursor } from "../guard/cursor.js";
import { elementBytes } from "../guard/elements.js";
import { quoteUntrusted, refuseFile } from "../guard/refuse.js";
import { torchHost } from "../pickle/globals.js";
import type { PickleHost } from "../pickle/machine.js";
import { unpickle } from "../pickle/pickle.js";
import { Storages } from "../pickle/storage.js";
import { isPickleList, kindOf, type PickleValue } from "../pickle/value.js";

const magic = 0x1950a86a20f9469cfc6cn;
const version = 1001;

/**
 * Reads the object saved in torch's old format.
 * @throws SeawallError `weights`; see `readTorch`
 */
export function readTorchLegacy(bytes: Uint8Array): PickleValue {
  const cursor = new Cursor(bytes);
  const storages = new Storages(bytes.length);
  const host = torchHost(storages);
  checkOpening(cursor, host);
  const value = unpickle(cursor, host);
  const keys = unpickle(cursor, host);
  const parts = readStorages(cursor, keys, storages);
  storages.fill(
    (key) => parts.get(key) ?? refuseFile(`storage ${quoteUntrusted(key)} is missing; the file is damaged`),
  );
  return value;
}

function checkOpening(cursor: Cursor, host: PickleHost): void {
  if (unpickle(cursor, host) !== magic) {
    refuseFile(
      "not written by torch.save, although it is a pickle; save the weights with torch.save or as .safetensors",
    );
  }
  const found = unpickle(cursor, host);
  if (found !== version) {
    const shown = typeof found === "number" ? found : kindOf(found);
    refuseFile(`version ${shown} of torch's old format; only version ${version} is supported`);
  }
  const machine = unpickle(cursor, host);
  if (!(machine instanceof Map)) refuseFile("no record of the machine that wrote it; the file is damaged");
  if (machine.get("little_endian") !== true) {
    refuseFile("written on a big-endian machine; save it again on a little-endian one");
  }
}

/** Each storage's bytes: a length in elements, then the elements, in the order of `keys`. */
function readStorages(cursor: Cursor, keys: PickleValue, storages: Storages): Map<string, Uint8Array> {
  if (!isPickleList(keys)) refuseFile("no list of storages after the object; the file is damaged");
  const parts = new Map<string, Uint8Array>();
  for (const key of keys) {
    const source = typeof key === "string" ? storages.sizeOf(key) : undefined;
    if (typeof key !== "string" || !source || parts.has(key)) {
      return refuseFile("its list of storages does not match its tensors; the file is damaged");
    }
    const length = cursor.uint64();
    if (length * elementBytes(source.type) !== source.byteLength) {
      refuseFile(
        `storage ${quoteUntrusted(key)} has ${length} elements, which contradicts its tensors; the file is damaged`,
      );
    }
    parts.set(key, cursor.take(source.byteLength));
  }
  return parts;
}
