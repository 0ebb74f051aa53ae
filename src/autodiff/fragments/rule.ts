/** The type of a gradient rule: one small function for each operator, and its peculiarities as data. */
import type { DataType, Tensor } from "../../base/index.js";
import type { GraphBuilder, Node, Value } from "../../onnx/index.js";

/** A value's element type and its shape, every dimension a number. */
export interface TypedShape {
  readonly type: DataType;
  readonly shape: readonly number[];
}

/** The node that a rule differentiates, with types and shapes. */
export interface RuleContext {
  readonly node: Node;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Static shape of a value of the forward graph. */
  shape(value: Value): readonly number[];
  /** Element type of a value of the forward graph. */
  type(value: Value): DataType;
  /** The constant behind a value, or undefined if it is computed. */
  constant(value: Value | undefined): Tensor | undefined;
  /** True if the gradient of input `i` is wanted; a rule may leave out the others. */
  needs(i: number): boolean;
}

/**
 * Writes, in standard and composite operators, the gradient of every wanted input from those of the outputs.
 * @param context the node, its values and their static shapes
 * @param gradients gradient of each output, in its shape; undefined where no path leads to the loss (then zero)
 * @param build writes nodes, named after the node they serve
 * @returns one entry per input: its gradient, or undefined for an input that has none
 */
export type Gradient = (
  context: RuleContext,
  gradients: readonly (Value | undefined)[],
  build: GraphBuilder,
) => readonly (Value | undefined)[];

export interface Rule {
  readonly gradient: Gradient;
  /**
   * The operator broadcasts its inputs: the rule returns gradients in the output's shape, and `differentiate`
   * sums each one back to its input's shape.
   */
  readonly broadcasts?: boolean;
  /** A note for the documentation: ties, kinks, attributes that are refused. */
  readonly note?: string;
}

/** A family of rules, by operator name. */
export type Rules = Readonly<Record<string, Rule>>;

/** A rule for an operator with one differentiable input and one output. */
export function unary(
  gradient: (operands: { x: Value; y: Value; g: Value }, build: GraphBuilder, context: RuleContext) => Value,
  note?: string,
): Rule {
  return {
    gradient: (context, [g], build) => [
      gradient({ x: context.inputs[0]!, y: context.outputs[0]!, g: g! }, build, context),
    ],
    ...(note !== undefined && { note }),
  };
}
