/** The stages of a graph in the compiler, and the operators allowed at each. Tests check graphs between stages. */
import type { TypedShapes } from "../autodiff/index.js";
import { invariant } from "../base/index.js";
import { compositeDomain, describeNode, type Graph, type Node, readsOf, type Value } from "../onnx/index.js";
import { portable } from "./lower/portable.js";
import type { Target } from "./lower/target.js";

/** The lists and conditions of one stage. */
export interface StageRules {
  /** Composite operators that may occur. */
  readonly composites: ReadonlySet<string>;
  /** Standard operators that must not occur. */
  readonly absent: ReadonlySet<string>;
  /** `outputs`: an Identity occurs only where it gives an output its name. */
  readonly identities: "anywhere" | "outputs";
  /** Type and static shape of every value are known. */
  readonly typed: boolean;
}

const none: ReadonlySet<string> = new Set();
const all: ReadonlySet<string> = new Set(Object.keys(portable.composites));

/** Older forms, which reading replaces. */
const replaced = new Set(["Constant", "Scatter", "Upsample"]);

const lowered: StageRules = { composites: none, absent: replaced, identities: "outputs", typed: false };

export const stages = {
  /** As `readModel` returns it: every opset in one form, nodes named and in order. */
  read: { composites: none, absent: replaced, identities: "anywhere", typed: false },
  /** As `trace` returns it: static shapes, and subgraphs that compute shapes folded to constants. */
  traced: { composites: none, absent: replaced, identities: "outputs", typed: true },
  /** With losses and gradients appended. */
  differentiated: { composites: all, absent: replaced, identities: "anywhere", typed: false },
  /** Standard operators, and operators of other domains that the model brought. */
  portable: lowered,
  /** PRelu is rewritten, except where it makes an output of the graph. */
  cpu: { ...lowered, absent: new Set([...replaced, "PRelu"]) },
  gpu: lowered,
} as const satisfies Readonly<Record<"read" | "traced" | "differentiated" | Target, StageRules>>;

export type Stage = keyof typeof stages;

/**
 * Checks that a graph is what its stage promises: operators, order of nodes, one definition for each value.
 * @param types of the graph's values, for stages that promise them
 * @throws Error `internal: …`, naming the stage and the node or value
 */
export function checkStage(graph: Graph, stage: Stage, types?: TypedShapes): void {
  const rules: StageRules = stages[stage];
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  for (const node of graph.nodes) checkDomain(node, stage, rules);
  for (const node of graph.nodes) checkOperator(node, stage, rules, outputs);
  checkOrder(graph, stage);
  if (!rules.typed) return;
  const untyped = graph.nodes.flatMap((node) => node.outputs).find((value) => value && !types?.has(value));
  invariant(untyped === undefined, `stage ${stage}: "${untyped}" has no type and shape`);
}

function checkDomain(node: Node, stage: Stage, { composites }: StageRules): void {
  const allowed = node.domain !== compositeDomain || composites.has(node.op);
  invariant(allowed, `stage ${stage}: ${describeNode(node)} is left over`);
}

function checkOperator(node: Node, stage: Stage, rules: StageRules, outputs: ReadonlySet<Value>): void {
  const what = `stage ${stage}: ${describeNode(node)}`;
  if (node.domain !== "" || node.outputs.some((output) => outputs.has(output))) return;
  invariant(!rules.absent.has(node.op), `${what} should have been replaced`);
  invariant(rules.identities === "anywhere" || node.op !== "Identity", `${what} names no output`);
}

/** Every value is defined once, before it is read. */
function checkOrder(graph: Graph, stage: Stage): void {
  const defined = new Set<Value>([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  const names = new Set<string>();
  for (const node of graph.nodes) {
    const missing = readsOf(node).find((value) => !defined.has(value));
    invariant(missing === undefined, `stage ${stage}: ${describeNode(node)} reads "${missing}" too early`);
    invariant(!names.has(node.name), `stage ${stage}: two nodes are named "${node.name}"`);
    names.add(node.name);
    for (const output of node.outputs.filter(Boolean)) {
      invariant(!defined.has(output), `stage ${stage}: "${output}" is defined twice`);
      defined.add(output);
    }
  }
  const unmade = graph.outputs.find(({ name }) => !defined.has(name));
  invariant(unmade === undefined, `stage ${stage}: nothing makes the output "${unmade?.name}"`);
}
