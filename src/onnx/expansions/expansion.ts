/** An expansion: the standard operators that stand for one node of another operator. */
import { SeawallError } from "../../base/index.js";
import type { GraphBuilder, Operand } from "../graph/builder.js";
import type { Facts } from "../graph/facts.js";
import { describeNode, type Node, type Value } from "../graph/graph.js";

/** What an expansion may ask and use. */
export interface ExpansionContext {
  readonly node: Node;
  /** Writes the nodes that replace `node`. */
  readonly build: GraphBuilder;
  /** Element types and ranks of the values before `node`. */
  readonly facts: Pick<Facts, "of">;
  /** Input `i`, or undefined where it is left out. */
  optional(i: number): Value | undefined;
  /** Input `i`, which the operator requires. */
  required(i: number): Value;
  /** A scalar constant in the element type of `like`. */
  scalar(value: number, like: Value): Value;
}

/**
 * Writes standard nodes (opset 18) that compute the node's outputs.
 * @returns a value for each output, in order; undefined for outputs that are not supported and not read
 * @throws SeawallError `unsupported` for attributes or inputs that have no standard form here
 */
export type Expansion = (context: ExpansionContext) => readonly (Value | undefined)[];

/** The rank of a value. @throws SeawallError `unsupported` where the file does not tell it */
export function rankOf({ facts, node }: ExpansionContext, value: Value): number {
  const { rank } = facts.of(value);
  if (rank !== undefined) return rank;
  throw notExpanded(node, `the rank of its input "${value}" is not stated in the file`);
}

/** The length of an axis, int64 [1]. */
export function lengthOf(build: GraphBuilder, value: Value, axis: number): Value {
  return build.op("Shape", [value], { start: axis, end: axis + 1 });
}

/** @param reason completes the sentence "cannot be rewritten, because …" */
export function notExpanded(node: Node, reason: string): SeawallError {
  return new SeawallError(
    "unsupported",
    `${describeNode(node)} cannot be rewritten with standard operators, because ${reason}; export the model without ONNX Runtime's graph optimisation`,
  );
}

/** The sum of the given operands, those left out skipped. */
export function addUp(build: GraphBuilder, first: Value, ...more: readonly (Operand | undefined)[]): Value {
  return more.reduce<Value>((sum, term) => (term === undefined ? sum : build.add(sum, term)), first);
}

/** A sequence from its end to its start, along axis 0. */
export function fromEnd(build: GraphBuilder, sequence: Value): Value {
  return build.slice(sequence, [0], [-1], [-(2 ** 31)], [-1]);
}
