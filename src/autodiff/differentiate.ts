/** Reverse mode: the data flow is followed from the outputs back, with one rule for each operator. */
import { type DataType, int64, invariant, SeawallError, sizeOf } from "../base/index.js";
import {
  consumersOf,
  describeNode,
  type Graph,
  type GraphBuilder,
  type Node,
  reachableFrom,
  type Value,
} from "../onnx/index.js";
import { unbroadcast } from "./fragments/broadcast.js";
import type { Rule, RuleContext, TypedShape } from "./fragments/rule.js";
import { nonDifferentiable } from "./nondifferentiable.js";
import { type RuleTable, ruleTable } from "./rules/index.js";

/** Static types of a graph's values. */
export type TypedShapes = ReadonlyMap<Value, TypedShape>;

/** A request for gradients: given at some values (`seeds`), wanted at others (`wrt`). */
export interface DifferentiateRequest {
  /** For each value whose gradient is given, the value that holds it (same shape). */
  readonly seeds: ReadonlyMap<Value, Value>;
  /** The float values whose gradients are wanted: inputs, initializers or intermediate values. */
  readonly wrt: readonly Value[];
  /** Types and static shapes of the graph's values, at least of those between `wrt` and `seeds`. */
  readonly types: TypedShapes;
  /** Rules of the caller's own, by domain and operator; they go before those that Seawall has. */
  readonly rules?: RuleTable;
}

/**
 * Appends to `build.graph` the nodes that compute the gradient of Σ ⟨seed, value⟩ with respect to `wrt`.
 * Only nodes that lie on a path from `wrt` to a seeded value are visited; the forward nodes stay as they are.
 * @returns for every `wrt` value the value that holds its gradient, in its shape; zeros where no path leads
 * @throws SeawallError `unsupported` for an operator without a rule, naming the node and the path to it
 */
export function differentiate(build: GraphBuilder, request: DifferentiateRequest): Map<Value, Value> {
  const graph = build.graph;
  const active = activeValues(graph, request);
  // The node that makes a `wrt` value lies before the way, not on it.
  const forward = graph.nodes.filter(
    (node) =>
      node.outputs.some((output) => active.has(output)) && node.inputs.some((input) => active.has(input)),
  );
  const parts = new Map<Value, Value[]>([...request.seeds].map(([value, seed]) => [value, [seed]]));
  const totals = new Map<Value, Value>();

  const total = (value: Value): Value | undefined => {
    const known = totals.get(value);
    const terms = parts.get(value);
    if (known !== undefined || terms === undefined) return known;
    const sum = terms.length === 1 ? terms[0]! : build.op("Sum", terms);
    totals.set(value, sum);
    return sum;
  };

  for (const node of forward.reverse()) {
    build.within(`grad/${node.name}`, () => {
      const gradients = node.outputs.map((output) => (active.has(output) ? total(output) : undefined));
      if (gradients.every((gradient) => gradient === undefined)) return;
      for (const [input, gradient] of inputGradients(node, gradients, active, request, build)) {
        parts.set(input, [...(parts.get(input) ?? []), gradient]);
      }
    });
  }
  return new Map(request.wrt.map((value) => [value, total(value) ?? zeros(build, request.types, value)]));
}

/** The values on a path from `wrt` to a seeded value: the only ones that need a gradient. */
function activeValues(graph: Graph, request: DifferentiateRequest): Set<Value> {
  const { seeds, wrt, types } = request;
  const reached = reachableFrom(graph, wrt);
  const active = new Set([...seeds.keys()].filter((value) => reached.has(value)));
  const carries = gradientCarriers(graph, types);
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => active.has(output)) || blocks(node, request)) continue;
    for (const input of node.inputs) if (reached.has(input) && carries(input)) active.add(input);
  }
  return active;
}

const floats: ReadonlySet<DataType> = new Set(["float32", "float64", "float16"]);

/** Whether a value may have a gradient: floats do, and the integers of quantisers, which stand for floats. */
function gradientCarriers(graph: Graph, types: TypedShapes): (value: Value) => boolean {
  const quantized = new Set(
    graph.nodes.filter(({ op }) => quantizers.has(op)).map(({ outputs }) => outputs[0]!),
  );
  return (value) => {
    const type = types.get(value)?.type;
    return type === undefined || floats.has(type) || quantized.has(value);
  };
}

const quantizers: ReadonlySet<string> = new Set(["QuantizeLinear", "DynamicQuantizeLinear"]);

/** Whether no gradient flows through a node: its operator is listed so, and the caller has no rule for it. */
function blocks(node: Node, { rules: own = {} }: DifferentiateRequest): boolean {
  return node.domain === "" && nonDifferentiable.has(node.op) && !ruleOf(node, own);
}

function ruleOf({ domain, op }: Node, table: RuleTable): Rule | undefined {
  const rows = Object.hasOwn(table, domain) ? table[domain]! : {};
  return Object.hasOwn(rows, op) ? rows[op] : undefined;
}

/** Applies the node's rule and sums gradients back over what was broadcast. */
function inputGradients(
  node: Node,
  gradients: readonly (Value | undefined)[],
  active: ReadonlySet<Value>,
  request: DifferentiateRequest,
  build: GraphBuilder,
): [Value, Value][] {
  if (blocks(node, request)) return [];
  const rule = ruleOf(node, request.rules ?? {}) ?? ruleOf(node, ruleTable);
  if (!rule) throw noRule(build.graph, node, request.wrt);
  const context = contextOf(node, active, request.types, build);
  const results = rule.gradient(context, gradients, build);
  return node.inputs.flatMap((input, i) => {
    const gradient = results[i];
    if (gradient === undefined || !context.needs(i)) return [];
    const shaped = rule.broadcasts
      ? unbroadcast(build, gradient, context.shape(node.outputs[0]!), context.shape(input))
      : gradient;
    return [[input, shaped] as [Value, Value]];
  });
}

function contextOf(
  node: Node,
  active: ReadonlySet<Value>,
  types: TypedShapes,
  build: GraphBuilder,
): RuleContext {
  const typed = (value: Value) => {
    const found = types.get(value) ?? build.graph.initializers.get(value);
    invariant(found, `no static shape for "${value}", read by the rule of ${describeNode(node)}`);
    return found;
  };
  return {
    node,
    inputs: node.inputs,
    outputs: node.outputs,
    shape: (value) => {
      const found = typed(value);
      return "dims" in found ? found.dims : found.shape;
    },
    type: (value) => typed(value).type,
    constant: (value) => (value === undefined ? undefined : build.graph.initializers.get(value)),
    needs: (i) => active.has(node.inputs[i] ?? ""),
  };
}

function zeros(build: GraphBuilder, types: TypedShapes, value: Value): Value {
  const shape = types.get(value)?.shape ?? build.graph.initializers.get(value)?.dims;
  invariant(shape, `no static shape for "${value}"`);
  invariant(sizeOf(shape) >= 0, `impossible shape of "${value}"`);
  return build.op("ConstantOfShape", [build.constant(int64([shape.length], shape))]);
}

/** The error that names the operator, the node and the path from the image to it. */
function noRule(graph: Graph, node: Node, wrt: readonly Value[]): SeawallError {
  const operator = node.domain ? `${node.domain}.${node.op}` : node.op;
  return new SeawallError(
    "unsupported",
    `${describeNode(node)}: operator ${operator} has no gradient rule, and it lies between the image and the logits (${pathTo(graph, node, wrt)}); ` +
      "export the model with standard operators (docs/rules.md lists those that can be differentiated)",
  );
}

/** The chain of operators from a `wrt` value to the node, the middle left out where it is long. */
function pathTo(graph: Graph, target: Node, wrt: readonly Value[]): string {
  const consumers = consumersOf(graph);
  const from = new Map<Node, Node | undefined>();
  const queue = wrt.flatMap((value) => consumers.get(value) ?? []);
  for (const node of queue) if (!from.has(node)) from.set(node, undefined);
  for (const node of queue) {
    for (const next of node.outputs.flatMap((output) => consumers.get(output) ?? [])) {
      if (!from.has(next)) {
        from.set(next, node);
        queue.push(next);
      }
    }
  }
  const names: string[] = [];
  let start: Value | undefined;
  for (let node: Node | undefined = target; node; node = from.get(node)) {
    names.unshift(`${node.op} "${node.name}"`);
    start = wrt.find((value) => node?.inputs.includes(value));
  }
  const shown =
    names.length <= 6 ? names : [...names.slice(0, 3), `… ${names.length - 5} more …`, ...names.slice(-2)];
  return [start, ...shown].join(" → ");
}
