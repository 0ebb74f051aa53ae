/**
 * What every other module uses. A closed list: a helper belongs here only if at least three modules need it.
 *
 * - `errors.ts`: `SeawallError` for errors that a user can correct, with their place; `invariant` for our own.
 * - `tensor.ts`: tensors as plain data, and the 16-bit float types as bit patterns.
 * - `random.ts`: random streams that depend on a key alone. `hash.ts`: SHA-256, also of those keys.
 * - `json.ts`: JSON formatted for files, canonical for hashes, and checked against schemas.
 * - `radius.ts`, `text.ts`: reading radii, and printing numbers and untrusted text.
 * - `files.node.ts`, `lock.node.ts`: atomic files, and one writer per run folder.
 * - `thread.node.ts`: worker threads that answer requests. All of Seawall's concurrency goes through it.
 *
 * `index.ts` runs in a browser; `index.node.ts` exports the files that need Node.
 */
export { type ErrorCode, inPlace, invariant, messageOf, placed, SeawallError } from "./errors.js";
export { sha256, shortHash } from "./hash.js";
export {
  canonicalJson,
  checkJson,
  checkSettings,
  describeIssues,
  formatJson,
  type JsonObject,
  jsonObject,
  leaves,
  parseJson,
  plainJson,
} from "./json.js";
export { parseRadius, type Radius } from "./radius.js";
export { type RandomStream, randomStream } from "./random.js";
export { inSharedMemory, tensorMemory } from "./shared.js";
export {
  type ArrayOf,
  arrayConstructors,
  bfloat16ToNumber,
  type DataType,
  float16ToNumber,
  float32,
  int64,
  numbersOf,
  numberToFloat16,
  sizeOf,
  type Tensor,
} from "./tensor.js";
export { formatCount, formatDuration, formatFigure, formatShare, plural, printable } from "./text.js";
