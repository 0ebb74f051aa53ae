/** Files of `torch.save`, in both formats. */
import { refuseFile } from "../guard/refuse.js";
import type { PickleValue } from "../pickle/value.js";
import { readTorchLegacy } from "./torch-legacy.js";
import { readTorchZip } from "./torch-zip.js";

/** Whether the bytes begin with "PK", as a zip does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}

/** Whether the bytes begin with the PROTO opcode, as pickles do since protocol 2. */
export function isPickle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && bytes[1] !== undefined && bytes[1] >= 2 && bytes[1] <= 5;
}

/**
 * Reads the object that `torch.save` wrote, as plain data: dictionaries, lists, numbers, texts and tensors. Tensors that
 * shared a storage share memory, also with `bytes`: copy before changing one.
 * @throws SeawallError `weights` for a damaged file, for a Python name outside the list in `globals.ts` (nothing is
 * ever executed), and for a file that needs more memory than its size and 16 MiB
 */
export function readTorch(bytes: Uint8Array): PickleValue {
  if (isZip(bytes)) return readTorchZip(bytes);
  if (isPickle(bytes)) return readTorchLegacy(bytes);
  return refuseFile("neither a zip nor a pickle, so not written by torch.save");
}
