/** Architectures as ONNX graphs, and published weights for them. Knows no engine, no file and no loss. */
export type { Architecture, Family, Flavour, Normalization } from "./architecture.js";
export { type ArchitectureName, architectures } from "./architectures.js";
export { type BuildOptions, type BuiltArchitecture, build, buildArchitecture, withWeights } from "./build.js";
export { architecturesFor, type ConvertOptions, type ConvertReport, convertCheckpoint } from "./convert.js";
export { type ArchitectureDescription, describeArchitecture } from "./describe.js";
export { type Dialect, type DialectName, dialects } from "./dialects/index.js";
export { weightsOf } from "./extract.js";
export { type FitOptions, type Fitted, fitWeights } from "./fit.js";
export {
  countParameters,
  initialWeights,
  isLearned,
  type ParameterKind,
  type ParameterSpec,
} from "./parameters.js";
export { type BuildRecord, recordInMetadata, recordMetadata } from "./record.js";
export type { NoiseInput } from "./scope.js";
export { type Translation, translateCheckpoint } from "./translate.js";
