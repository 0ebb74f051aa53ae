/**
 * ONNX graphs: types, reading, writing, building, traversal, structural simplifying. Knows no engine and no file.
 *
 * Reading (`format/read.ts`): bytes are measured (`limits.ts`) and parsed; calls of model-local functions are replaced
 * by their bodies (`functions.ts`); messages become a `Graph` (`decode.ts`, `tensors.ts`), which is checked
 * (`graph/verify.ts`) and brought into one form whatever its opset (`upgrades/`). All code after that knows one form only.
 * Writing: `format/write.ts`; on disk: `format/file.node.ts`.
 *
 * `graph/graph.ts` has the types, `builder.ts` writes nodes, `attributes.ts` and `facts.ts` read them, and `traverse.ts`
 * answers questions about structure. `rewrite/` has passes from graph to graph: `simplify.ts` removes what is not needed,
 * `fold.ts` folds constant maps into weights (`linear.ts`), `widen.ts` makes all floats float32, `halve.ts` stores weights
 * as float16.
 */

export type { ExternalData } from "./format/external.js";
export { type ReadOptions, readModel } from "./format/read.js";
export { type DetachedModel, detachModel, weightBytes, writeModel } from "./format/write.js";
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
export { renamedNode } from "./graph/rename.js";
export {
  consumersOf,
  neededFor,
  producersOf,
  reachableFrom,
  readsOf,
  topologicalOrder,
} from "./graph/traverse.js";
export { readsQuantized } from "./quantization/operators.js";
export { quantizedRange } from "./quantization/real.js";
export { onRealNumbers, quantizersOf, type StraightOptions } from "./quantization/straight.js";
export { inlineControlFlow } from "./rewrite/control.js";
export { foldBatchNorm } from "./rewrite/fold.js";
export { halveWeights } from "./rewrite/halve.js";
export { isPure, mergeCommon, removeDead, removeIdentities, simplify } from "./rewrite/simplify.js";
export { type Widened, widenFloats } from "./rewrite/widen.js";
