/** Parts of a program that a run computes on demand. */
import { float32 } from "../base/index.js";
import {
  copyGraph,
  emptyGraph,
  type Graph,
  GraphBuilder,
  neededFor,
  renamedNode,
  type Value,
} from "../onnx/index.js";

/**
 * Moves what one output of floats alone needs into a branch, so that it is computed where the boolean `condition`, an
 * input of one element, is true; elsewhere the output is empty. The other values that the branch reads are kept until it
 * ran.
 */
export function computeIf(
  graph: Graph,
  { output, condition }: { readonly output: Value; readonly condition: Value },
): Graph {
  const others = graph.outputs.map(({ name }) => name).filter((name) => name !== output);
  const needed = neededFor(graph, others);
  const isNeeded = ({ outputs }: Graph["nodes"][number]) => outputs.some((name) => needed.has(name));
  const build = new GraphBuilder({ ...copyGraph(graph), nodes: graph.nodes.filter(isNeeded) });
  const branch = (title: string) => {
    const name = build.fresh(title);
    const made = emptyGraph(name, graph.opset);
    made.outputs = [{ name, type: "float32", shape: undefined }];
    return made;
  };
  const [computed, none] = [branch(`${output}/computed`), branch(`${output}/none`)];
  const inside = (name: Value) => (name === output ? computed.name : name);
  computed.nodes = graph.nodes.filter((node) => !isNeeded(node)).map((node) => renamedNode(node, inside));
  const empty = build.constant(float32([0], []), "empty");
  new GraphBuilder(none).alias(empty, none.name);
  const [chosen] = build.ops("If", [condition], 1, {
    then_branch: { kind: "graph", value: computed },
    else_branch: { kind: "graph", value: none },
  });
  build.graph.nodes.push(renamedNode(build.graph.nodes.pop()!, (name) => (name === chosen ? output : name)));
  return build.graph;
}
