/** Reading weights of any format. The first bytes tell the format; the file's name does not matter. */
import type { Tensor } from "../base/index.js";
import { inFile, refuseFile } from "./guard/refuse.js";
import type { PickleValue } from "./pickle/value.js";
import { readSafetensors } from "./safetensors/safetensors.js";
import { stateDictOf } from "./state-dict.js";
import { isPickle, isZip, readTorch } from "./torch/torch.js";

/** Named tensors, and their position in the file. */
export interface Weights {
  readonly format: "safetensors" | "torch";
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The texts of a safetensors header. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The path of keys to the tensors in a nested checkpoint, and the paths of other content; see `StateDict`. */
  readonly path: readonly string[];
  readonly others: readonly string[];
  /** The whole content of the file. */
  readonly content: PickleValue;
}

/**
 * Reads the named tensors of a `.safetensors`, `.pth` or `.pt` file.
 * Tensors may share memory with `bytes` and each other: copy before changing one.
 * @throws SeawallError `weights`, with `fileName` in front of the message; see `readSafetensors`, `readTorch` and
 * `stateDictOf`
 */
export function readWeights(bytes: Uint8Array, fileName: string): Weights {
  return inFile(fileName, () => {
    // First, because the length of a safetensors header can look like the start of a pickle (640) or a zip (19,280).
    if (isSafetensors(bytes)) return fromSafetensors(bytes);
    if (isZip(bytes) || isPickle(bytes)) return fromTorch(bytes);
    return refuseFile(`${otherKind(bytes)}; expected .safetensors, or .pth or .pt as torch.save writes them`);
  });
}

function fromTorch(bytes: Uint8Array): Weights {
  const content = readTorch(bytes);
  return { format: "torch", ...stateDictOf(content), metadata: new Map(), content };
}

function fromSafetensors(bytes: Uint8Array): Weights {
  const { tensors, metadata } = readSafetensors(bytes);
  if (tensors.size === 0) refuseFile("holds no tensors");
  return { format: "safetensors", tensors, metadata, path: [], others: [], content: tensors };
}

/** A safetensors file begins with the header's length, below 2³² in 8 bytes, and the header's brace. */
function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0);
}

/** Files that are taken for weights by mistake. */
const otherKinds: readonly (readonly [beginning: string, kind: string])[] = [
  ["version https://git-lfs", "a Git LFS pointer instead of the file it points to; run git lfs pull"],
  ["<", "a web page or XML instead of weights; the download went wrong"],
  ["\u001f\u008b", "a gzip archive; unpack it first"],
  ["\u0093NUMPY", "a NumPy array without a name"],
  ["\u0089HDF", "an HDF5 file"],
];

function otherKind(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  const start = String.fromCharCode(...bytes.subarray(0, 32));
  return otherKinds.find(([beginning]) => start.startsWith(beginning))?.[1] ?? "not a file of weights";
}
