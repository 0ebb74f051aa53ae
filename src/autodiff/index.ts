/** Reverse mode as graph rewriting. Knows no loss and no engine. */
export { type DifferentiateRequest, differentiate, type TypedShapes, unbroadcast } from "./differentiate.js";
export { nonDifferentiable } from "./nondifferentiable.js";
export type { Gradient, Rule, RuleContext, Rules, TypedShape } from "./rule.js";
export { rules } from "./rules/index.js";
