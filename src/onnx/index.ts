/** ONNX graphs: types, reading, writing, building, walking, structural simplifying. No engine, no file. */

export { type ReadOptions, readModel } from "./format/read.js";
export type { ExternalData } from "./format/tensors.js";
export { writeModel } from "./format/write.js";
export {
  type AttributeInput,
  attribute,
  attributesOf,
  float,
  floats,
  subgraphsOf,
} from "./graph/attributes.js";
export { compositeDomain, dataType, elementType, GraphBuilder, type Operand } from "./graph/builder.js";
export {
  type Attribute,
  type Attributes,
  copyGraph,
  describeNode,
  emptyGraph,
  type Graph,
  type Node,
  type Value,
  type ValueInfo,
} from "./graph/graph.js";
export {
  consumersOf,
  neededFor,
  producersOf,
  reachableFrom,
  readsOf,
  topologicalOrder,
} from "./graph/walk.js";
export { inlineControlFlow } from "./rewrite/control.js";
export { foldBatchNorm } from "./rewrite/fold.js";
export { halveWeights } from "./rewrite/halve.js";
export { isPure, mergeCommon, removeDead, removeIdentities, simplify } from "./rewrite/simplify.js";
export { type Widened, widenFloats } from "./rewrite/widen.js";
