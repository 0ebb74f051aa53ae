/** Quantised models: scored as they are, and differentiated straight through rounding. */
import { float32, SeawallError } from "../base/index.js";
import { type TracedGraph, trace } from "../compile/index.js";
import {
  copyGraph,
  foldBatchNorm,
  type Graph,
  GraphBuilder,
  type Node,
  onRealNumbers,
  quantizersOf,
  renamedNode,
  type StraightOptions,
  type Value,
} from "../onnx/index.js";

/** The operators that trace leaves as they are in a quantised model: the engine fuses them with their neighbours. */
export const unfoldedIfQuantized: ReadonlySet<string> = new Set(["DequantizeLinear"]);

/** A quantised model with a second path from its inputs, by which it is differentiated. */
export interface StraightPath {
  /** Both paths in one graph; its outputs are the model's own. */
  readonly traced: TracedGraph;
  /** The end of the second path that stands for one of the model's outputs. */
  counterpart(output: Value): Value;
  readonly notice: string;
  /** The model on real numbers that are clipped and not rounded: a function whose slopes can be measured. */
  smooth(): Promise<TracedGraph>;
}

/** Whether weights are stored as integers, which are folded to floats where nothing else is rounded. */
export function storesIntegers(graph: Graph): boolean {
  return graph.nodes.some(({ op }) => unfoldedIfQuantized.has(op));
}

/** Names of the second path begin with this. */
const prefix = "straight/";

/**
 * Adds the second path to a quantised model. The first one, which predicts, stays as it is, so that the engine runs it
 * as it runs the file; a gradient that read its values would keep the engine from fusing them.
 * @param model with fixed shapes, `DequantizeLinear` of constants not folded
 * @returns undefined for a model that rounds nothing between inputs and output
 * @throws SeawallError `unsupported` for an operator on integers that has no meaning here, naming the node; `usage` if
 *   weights are to be differentiated
 */
export async function straightPath(
  model: Graph,
  inputs: readonly Value[],
  variables: ReadonlySet<Value> = new Set(),
): Promise<StraightPath | undefined> {
  const quantizers = quantizersOf(model, inputs);
  if (quantizers.length === 0) return undefined;
  if (variables.size > 0) {
    throw new SeawallError(
      "usage",
      "--params: the weights of a quantised model are integers, which have no gradient; differentiate the float model",
    );
  }
  const scored = await trace(model, { variables, unfolded: unfoldedIfQuantized });
  const onReals = (options?: StraightOptions) =>
    trace(foldBatchNorm(onRealNumbers(scored.graph, scored.types, options)));
  return {
    traced: beside(scored, await onReals(), new Set(inputs)),
    counterpart: (output) => prefix + output,
    notice: noticeOf(quantizers),
    smooth: () => onReals({ rounding: false }),
  };
}

/** Both graphs in one. Names of the second get the prefix; the inputs are those of the first. */
function beside(first: TracedGraph, second: TracedGraph, inputs: ReadonlySet<Value>): TracedGraph {
  const graph = copyGraph(first.graph);
  const build = new GraphBuilder(graph);
  const renamed = (value: Value) => prefix + value;
  for (const input of inputs) build.graph.nodes.push(apart(build, input, renamed(input)));
  for (const [name, tensor] of second.graph.initializers) graph.initializers.set(renamed(name), tensor);
  for (const node of second.graph.nodes)
    graph.nodes.push({ ...renamedNode(node, renamed), name: renamed(node.name) });
  for (const [domain, version] of second.graph.domains) graph.domains.set(domain, version);
  const types = new Map(first.types);
  for (const [name, typed] of second.types) types.set(renamed(name), typed);
  return { graph, types };
}

/** The least float32: the larger of it and x is x. */
const least = -3.4028234663852886e38;

/** A copy of an input that the engine cannot know to be one: it would merge both paths' first operators. */
function apart(build: GraphBuilder, input: Value, copy: Value): Node {
  return {
    op: "Max",
    domain: "",
    name: build.fresh(`${prefix}input`),
    inputs: [input, build.constant(float32([], [least]))],
    outputs: [copy],
    attributes: {},
  };
}

function noticeOf(quantizers: Graph["nodes"]): string {
  const names = [...new Set(quantizers.map(({ op }) => op))].sort();
  const counted = names.map((name) => `${quantizers.filter(({ op }) => op === name).length} ${name}`);
  return `the model is quantised (${counted.join(", ")}): it is scored as it is; the gradient goes straight through rounding and is 0 where an integer saturates: an estimate`;
}
