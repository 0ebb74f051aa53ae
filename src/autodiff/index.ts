/** Reverse mode as graph rewriting. Knows no loss and no engine. */

export { type DifferentiateRequest, differentiate, type TypedShapes } from "./differentiate.js";
export { sumOver, unbroadcast } from "./fragments/broadcast.js";
export { convolveByRows, suitsRows } from "./fragments/rows.js";
export type { Gradient, Rule, RuleContext, Rules, TypedShape } from "./fragments/rule.js";
export { convolutionOf, windowsOf } from "./fragments/window.js";
export { nonDifferentiable } from "./nondifferentiable.js";
export { rules } from "./rules/index.js";
