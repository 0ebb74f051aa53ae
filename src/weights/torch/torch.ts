/** Files of `torch.save`, both formats. */
import { refuse } from "../guard/refuse.js";
import type { Value } from "../pickle/value.js";
import { readTorchLegacy } from "./torch-legacy.js";
import { readTorchZip } from "./torch-zip.js";

/** "PK", with which each entry of a zip begins. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}

/** The PROTO opcode, with which each pickle since protocol 2 begins. */
export function isPickle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && bytes[1] !== undefined && bytes[1] >= 2 && bytes[1] <= 5;
}

/**
 * The object that `torch.save` wrote, as inert values: dictionaries, lists, numbers, texts and tensors. Tensors
 * may share memory with each other and with `bytes`, as they shared storages: copy before changing one.
 * @throws SeawallError `weights` for a damaged file, for any Python name outside the list of `globals.ts` (nothing
 * is ever executed), and for a file that asks for more memory than its own size and 16 MiB.
 */
export function readTorch(bytes: Uint8Array): Value {
  if (isZip(bytes)) return readTorchZip(bytes);
  if (isPickle(bytes)) return readTorchLegacy(bytes);
  return refuse("neither a zip nor a pickle, so not written by torch.save");
}
