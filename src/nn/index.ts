/** Architectures as ONNX graphs, and published weights for them. Knows no engine, no file and no loss. */
export type { Architecture, Family, Flavour, Normalization } from "./architectures/architecture.js";
export { type ArchitectureName, architectures } from "./architectures/index.js";
export { type BuildOptions, type BuiltArchitecture, build, buildArchitecture, withWeights } from "./build.js";
export {
  architecturesFor,
  type ConvertOptions,
  type ConvertReport,
  convertCheckpoint,
} from "./checkpoint/convert.js";
export { weightsOf } from "./checkpoint/extract.js";
export { type FitOptions, type Fitted, fitWeights } from "./checkpoint/fit.js";
export { type Translation, translateCheckpoint } from "./checkpoint/translate.js";
export { type ArchitectureDescription, describeArchitecture } from "./describe.js";
export { type Dialect, type DialectName, dialects } from "./key-maps/index.js";
export {
  countParameters,
  initialWeights,
  isLearned,
  type ParameterKind,
  type ParameterSpec,
} from "./layers/parameters.js";
export type { NoiseInput } from "./layers/scope.js";
export { type BuildRecord, recordInMetadata, recordMetadata } from "./record.js";
