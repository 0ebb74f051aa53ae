/** The type of a change, a function from a node in an operator's older form to its newer form; and helpers for changes. */
import type { Tensor } from "../../base/index.js";
import { type AttributeInput, attributesOf } from "../graph/attributes.js";
import type { GraphBuilder } from "../graph/builder.js";
import type { Facts } from "../graph/facts.js";
import type { Node, Value } from "../graph/graph.js";

/** The information and tools that a change can use. */
export interface Surroundings {
  /** Adds nodes before the changed node. */
  readonly build: GraphBuilder;
  /** Types and ranks of the values before the node. */
  readonly facts: Facts;
  /** The constant of a value in this graph or an enclosing one; undefined if it is not a constant. */
  constant(value: Value | undefined): Tensor | undefined;
  /** Whether any node or graph output reads a value. */
  isRead(value: Value | undefined): boolean;
}

/**
 * Returns the node in the operator's newer form, with the same outputs.
 * @throws SeawallError `unsupported` if the newer form cannot express the node
 */
export type Change = (node: Node, around: Surroundings) => Node;

/** The node with other inputs. Undefined inputs become empty, and trailing empty inputs are removed. */
export function withInputs(node: Node, inputs: readonly (Value | undefined)[]): Node {
  const names = inputs.map((input) => input ?? "");
  while (names.at(-1) === "") names.pop();
  return { ...node, inputs: names };
}

/** The node with some attributes changed. Undefined removes an attribute. */
export function withAttributes(node: Node, changed: Readonly<Record<string, AttributeInput>>): Node {
  const kept = Object.entries(node.attributes).filter(([name]) => !(name in changed));
  return { ...node, attributes: { ...Object.fromEntries(kept), ...attributesOf(changed) } };
}

/** A change that turns attributes into int64 inputs, in this order after the first input. */
export function becomeInputs(...names: readonly string[]): Change {
  return (node, { build }) => {
    const moved = names.map((name) => {
      const held = node.attributes[name];
      if (held?.kind === "ints") return build.ints(held.value);
      return held?.kind === "int" ? build.ints([held.value]) : "";
    });
    const removed = Object.fromEntries(names.map((name) => [name, undefined]));
    return withAttributes(withInputs(node, [node.inputs[0], ...moved]), removed);
  };
}

/** A scalar constant with the element type of `like`. */
export function scalarLike({ build, facts }: Surroundings, like: Value, value: number): Value {
  const { type = "float32" } = facts.of(like);
  return type === "float32" ? build.scalar(value) : build.cast(build.scalar(value), type);
}
