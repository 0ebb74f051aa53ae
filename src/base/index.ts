/** The floor every room stands on. A closed list: to enter, three rooms must need it. */
export { type ErrorCode, invariant, messageOf, SeawallError } from "./errors.js";
export { sha256 } from "./hash.js";
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
export { formatCount, formatDuration, formatFigure, formatShare, plural } from "./text.js";
