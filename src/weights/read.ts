/** Weights of any format, known by its first bytes and never by the file's name. */
import type { Tensor } from "../base/index.js";
import { inFile, refuse } from "./guard/refuse.js";
import type { Value } from "./pickle/value.js";
import { readSafetensors } from "./safetensors/safetensors.js";
import { stateDictOf } from "./state-dict.js";
import { isPickle, isZip, readTorch } from "./torch/torch.js";

/** Named tensors and where in the file they were. */
export interface Weights {
  readonly format: "safetensors" | "torch";
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The texts of a safetensors header. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Keys that lead to the tensors in a nested checkpoint, and what lies beside them; see `StateDict`. */
  readonly path: readonly string[];
  readonly others: readonly string[];
  /** All that the file holds. */
  readonly content: Value;
}

/**
 * Reads the named tensors of a `.safetensors`, `.pth` or `.pt` file, or whatever it is called.
 * Tensors may share memory with `bytes` and each other: copy before changing one.
 * @throws SeawallError `weights`, its message beginning with `fileName`; see `readSafetensors`, `readTorch` and
 * `stateDictOf`.
 */
export function readWeights(bytes: Uint8Array, fileName: string): Weights {
  return inFile(fileName, () => {
    // First, because a header of 640 bytes begins like a pickle and one of 19 280 bytes like a zip.
    if (isSafetensors(bytes)) return fromSafetensors(bytes);
    if (isZip(bytes) || isPickle(bytes)) return fromTorch(bytes);
    return refuse(`${otherKind(bytes)}; expected .safetensors, or .pth or .pt as torch.save writes them`);
  });
}

function fromTorch(bytes: Uint8Array): Weights {
  const content = readTorch(bytes);
  return { format: "torch", ...stateDictOf(content), metadata: new Map(), content };
}

function fromSafetensors(bytes: Uint8Array): Weights {
  const { tensors, metadata } = readSafetensors(bytes);
  if (tensors.size === 0) refuse("it holds no tensor");
  return { format: "safetensors", tensors, metadata, path: [], others: [], content: tensors };
}

/** A safetensors header follows a length that is below 2³², and begins with a brace. */
function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0);
}

/** What people take for weights by mistake. */
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
