/** Reverse mode as graph rewriting. Knows no loss, no engine and no target. */

export { type DifferentiateRequest, differentiate, type TypedShapes } from "./differentiate.js";
export { unbroadcast } from "./fragments/broadcast.js";
export {
  type Addition,
  type AxisProducts,
  additionOf,
  axisProductsOf,
  type CompositeOperator,
  composites,
  convolutionSizes,
  sumOf,
  sumOver,
} from "./fragments/composites.js";
export { onesOf, padZeros, withLength, zerosOf } from "./fragments/filled.js";
export type { Gradient, Rule, RuleContext, Rules, TypedShape } from "./fragments/rule.js";
export { type AxisMap, isIdentity, picks, type Tap, transposed } from "./fragments/taps.js";
export { type Convolution, convolutionOf, type Windows, windowsOf } from "./fragments/window.js";
export { nonDifferentiable } from "./nondifferentiable.js";
export { type RuleTable, rules } from "./rules/index.js";
