/** The type of a target: its forms of composite operators, and the standard operators that it rewrites. */
import type { CompositeOperator, TypedShapes } from "../../autodiff/index.js";
import type { GraphBuilder, Node, Value } from "../../onnx/index.js";

/** Composite operators of gradient rules and of losses. */
export type Composite = CompositeOperator | "AddAtLabel";

/** Writes nodes that compute a composite operator's output. */
export type Form = (node: Node, build: GraphBuilder) => Value;

/** Writes nodes whose result replaces the output of a standard operator; undefined leaves the node as it is. */
export type Rewrite = (node: Node, build: GraphBuilder, types: TypedShapes) => Value | undefined;

export interface TargetForms {
  readonly composites: Readonly<Record<Composite, Form>>;
  /** By standard operator; equal to the bit unless the row says so. */
  readonly rewrites: Readonly<Record<string, Rewrite>>;
}
