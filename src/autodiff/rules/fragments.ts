/** Graph fragments that several rules use. */
import { numbersOf, SeawallError } from "../../base/index.js";
import { describeNode, type GraphBuilder, type Node, type Operand, type Value } from "../../onnx/index.js";
import type { RuleContext } from "../fragments/rule.js";

/** 1 where `x` > 0, 0 elsewhere. */
export function isPositive(build: GraphBuilder, x: Value): Value {
  return build.composite("IsPositive", [x]);
}

/** Sign of `x`: −1, 0 or 1. */
export function sign(build: GraphBuilder, x: Value): Value {
  return build.composite("SignOf", [x]);
}

/** `above` where `x` > 0, `below` elsewhere. */
export function slopes(build: GraphBuilder, x: Value, below: number, above: number): Value {
  const step = isPositive(build, x);
  const rise = above - below === 1 ? step : build.mul(step, above - below);
  return below === 0 ? rise : build.add(rise, below);
}

/** 1 where a comparison holds, 0 elsewhere. */
export function indicator(build: GraphBuilder, comparison: string, a: Operand, b: Operand): Value {
  return build.cast(build.op(comparison, [a, b]), "float32");
}

/** 1 / `length` where it is positive, 0 where it is 0. By this, the gradient of a norm is 0 at the origin. */
export function inverseOrZero(build: GraphBuilder, length: Value): Value {
  return build.where(build.op("Greater", [length, 0]), build.op("Reciprocal", [length]), 0);
}

/** Converts an axis that may be negative to one in [0, rank). */
export function fromFront(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/**
 * The values of the constant input `i`; undefined if the input is absent.
 * @param name the input's name in the ONNX standard, for the message
 * @throws SeawallError `unsupported` if the input is not constant
 */
export function constantNumbers(context: RuleContext, i: number, name: string): number[] | undefined {
  const value = context.inputs[i];
  if (!value) return undefined;
  const tensor = context.constant(value);
  if (tensor) return numbersOf(tensor);
  return refuseNode(
    context.node,
    `its gradient needs constant \`${name}\`, but "${value}" is computed from the image; export the model with fixed ${name}`,
  );
}

/** Refuses a node whose attributes or inputs its operator's rule does not cover. @throws SeawallError `unsupported` */
export function refuseNode(node: Node, why: string): never {
  throw new SeawallError("unsupported", `${describeNode(node)}: ${why}`);
}
