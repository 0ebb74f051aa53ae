/**
 * Architectures as ONNX graphs, and published checkpoints for them. Knows no engine, no file and no loss.
 *
 * From an architecture to a graph: `architectures/` has one file per network. It calls layers of `layers/`
 * (`scope.ts`: names, parameters, cost; `shapes.ts`: layers without parameters; `modules.ts`: layers with). `build.ts`
 * runs it and returns a graph without weights and the list of parameters; `withWeights` adds the weights.
 *
 * From a checkpoint to a graph (`checkpoint/convert.ts`): `translate.ts` finds the key map of the file's naming scheme
 * in `key-maps/` and renames the tensors; `fit.ts` matches them with the parameters, strictly, and `positions.ts`
 * resizes position embeddings; then `withWeights`. `extract.ts` goes back from a graph to a state dictionary, which it
 * can because `record.ts` keeps in the graph's name how it was built. `describe.ts` is for `seawall models`.
 */
export type { Architecture, Family, Flavour, Normalization } from "./architectures/architecture.js";
export { type ArchitectureName, architectures } from "./architectures/index.js";
export {
  type BuildOptions,
  type BuiltArchitecture,
  build,
  buildArchitecture,
  normalizationFor,
  withWeights,
} from "./build.js";
export { adaptChannels } from "./checkpoint/channels.js";
export {
  architecturesFor,
  type ConvertOptions,
  type ConvertReport,
  convertCheckpoint,
} from "./checkpoint/convert.js";
export { extractWeights } from "./checkpoint/extract.js";
export { type FitOptions, type Fitted, fitWeights } from "./checkpoint/fit.js";
export { type Translation, translateCheckpoint } from "./checkpoint/translate.js";
export { type ArchitectureDescription, describeArchitecture } from "./describe.js";
export { type KeyMap, type KeyMapName, keyMaps } from "./key-maps/index.js";
export {
  countParameters,
  initialWeights,
  isLearned,
  type ParameterKind,
  type ParameterSpec,
} from "./layers/parameters.js";
export type { NoiseInput } from "./layers/scope.js";
export { type BuildRecord, recordInMetadata, recordMetadata } from "./record.js";
