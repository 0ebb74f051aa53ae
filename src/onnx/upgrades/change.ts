/** What a change is: a small function from a node in an operator's older form to the newer one. */
import type { Tensor } from "../../base/index.js";
import { type AttributeInput, attributesOf } from "../graph/attributes.js";
import type { GraphBuilder } from "../graph/builder.js";
import type { Facts } from "../graph/facts.js";
import type { Node, Value } from "../graph/graph.js";

/** What a change may ask and use. */
export interface Surroundings {
  /** Writes nodes that stand before the changed one. */
  readonly build: GraphBuilder;
  /** Types and ranks of the values so far. */
  readonly facts: Facts;
  /** The constant behind a value, of this graph or one around it. */
  constant(value: Value | undefined): Tensor | undefined;
  /** Whether any node or graph output reads a value. */
  isRead(value: Value | undefined): boolean;
}

/**
 * Gives the node that stands for `node` in the newer form and makes the same outputs.
 * @throws SeawallError `unsupported` where there is none
 */
export type Change = (node: Node, around: Surroundings) => Node;

/** The node with other inputs; undefined and trailing empty ones are left out. */
export function withInputs(node: Node, inputs: readonly (Value | undefined)[]): Node {
  const names = inputs.map((input) => input ?? "");
  while (names.at(-1) === "") names.pop();
  return { ...node, inputs: names };
}

/** The node with some attributes set; those given as undefined are removed. */
export function withAttributes(node: Node, changed: Readonly<Record<string, AttributeInput>>): Node {
  const kept = Object.entries(node.attributes).filter(([name]) => !(name in changed));
  return { ...node, attributes: { ...Object.fromEntries(kept), ...attributesOf(changed) } };
}

/** Attributes that became int64 inputs, in this order after the first input. */
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

/** A constant of the element type that `like` has. */
export function scalarLike({ build, facts }: Surroundings, like: Value, value: number): Value {
  const { type = "float32" } = facts.of(like);
  return type === "float32" ? build.scalar(value) : build.cast(build.scalar(value), type);
}
