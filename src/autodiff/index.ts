/** Reverse mode as graph rewriting. Knows no loss and no engine. */
export { sumOver, unbroadcast } from "./broadcast.js";
export { type DifferentiateRequest, differentiate, type TypedShapes } from "./differentiate.js";
export { nonDifferentiable } from "./nondifferentiable.js";
export { convolveByRows, suitsRows } from "./rows.js";
export type { Gradient, Rule, RuleContext, Rules, TypedShape } from "./rule.js";
export { rules } from "./rules/index.js";
export { convolutionOf, windowsOf } from "./window.js";
