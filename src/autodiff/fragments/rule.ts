/** What a gradient rule is: one small function per operator, with what is special about it beside it. */
import type { DataType, Tensor } from "../../base/index.js";
import type { GraphBuilder, Node, Value } from "../../onnx/index.js";

/** A value's element type and its shape, every dimension a number. */
export interface TypedShape {
  readonly type: DataType;
  readonly shape: readonly number[];
}

/** What a rule sees of the node it differentiates. */
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
  /** Whether the gradient of input `i` is wanted; a rule may leave out the others. */
  needs(i: number): boolean;
}

/**
 * Emits, with standard operators only, the gradient of every wanted input from those of the outputs.
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
   * The operator broadcasts its inputs: gradients come in the output's shape, and the walk sums each one
   * back to its input's shape.
   */
  readonly broadcasts?: boolean;
  /** What a reader of the documentation should know: ties, kinks, attributes that are refused. */
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
