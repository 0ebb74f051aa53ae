/** ONNX graphs: types, reading, writing, building, walking, structural simplifying. No engine, no file. */
export { type AttributeInput, attribute, attributesOf, float, floats, subgraphsOf } from "./attributes.js";
export { dataType, elementType, GraphBuilder, type Operand } from "./builder.js";
export { foldBatchNorm } from "./fold.js";
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
} from "./graph.js";
export { halveWeights } from "./halve.js";
export { type ReadOptions, readModel } from "./read.js";
export { isPure, mergeCommon, removeDead, removeIdentities, simplify } from "./simplify.js";
export type { ExternalData } from "./tensors.js";
export { consumersOf, neededFor, producersOf, reachableFrom, readsOf, topologicalOrder } from "./walk.js";
export { type Widened, widenFloats } from "./widen.js";
export { writeModel } from "./write.js";
