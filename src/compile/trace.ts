/** Tracing: one run of the model fixes every shape, and every value that does not depend on the image. */

import type { TypedShape } from "../autodiff/index.js";
import { arrayConstructors, SeawallError, sizeOf, type Tensor } from "../base/index.js";
import {
  copyGraph,
  type Graph,
  GraphBuilder,
  isPure,
  readsOf,
  removeDead,
  simplify,
  type Value,
} from "../onnx/index.js";
import { openSession } from "../runtime/index.js";
import { refuseLargeInput } from "./limits.js";
import { measure, withConstants } from "./measure.js";

/** A graph whose shapes are all known. */
export interface TracedGraph {
  readonly graph: Graph;
  /** Type and static shape of every value, initializers included. */
  readonly types: ReadonlyMap<Value, TypedShape>;
}

/** Values above this many elements stay computed rather than stored. */
const largestFolded = 1 << 24;

/**
 * Binds the graph's inputs to `shapes`, runs it once on `feeds` (zeros where none is given) and returns it
 * with every value's type and shape, with constant and shape-computing subgraphs folded, and with branches and loops
 * whose course is constant written out.
 * @param variables initializers that may change later: nothing that depends on them is folded
 * @param unfolded standard operators that stay as they are, also if their operands are constant
 * @throws SeawallError `model` if the graph does not run at these shapes
 */
export async function trace(
  graph: Graph,
  shapes: Readonly<Record<Value, readonly number[]>>,
  feeds: Readonly<Record<Value, Tensor>> = {},
  variables: ReadonlySet<Value> = new Set(),
  unfolded: ReadonlySet<string> = new Set(),
): Promise<TracedGraph> {
  const bound = bindShapes(simplify(graph), shapes);
  const all = { ...zeroFeeds(bound), ...feeds };
  const statics = (part: Graph) => staticValues(part, variables, unfolded);
  const measured = await measure(bound, statics, all);
  const known = simplify(measured.graph);
  const values = known.nodes.flatMap((node) => node.outputs.filter(Boolean));
  const { dims, constants } = await observe(known, values, foldable(known, statics(known)), all);
  const clean = simplify(withConstants(known, constants));
  return { graph: clean, types: typesOf(clean, measured.types, dims) };
}

/**
 * Traces a graph again that was rewritten after a run at the same shapes: its constant subgraphs are folded, and nothing
 * else is run.
 * @param variables initializers that may change later: nothing that depends on them is folded
 */
export async function retrace(graph: Graph, variables: ReadonlySet<Value> = new Set()): Promise<TracedGraph> {
  const statics = (part: Graph) => staticValues(part, variables, new Set());
  const given = bindShapes(simplify(graph), {});
  const feeds = zeroFeeds(given);
  const { graph: whole, types } = await measure(given, statics, feeds);
  const known = simplify(whole);
  const { constants } = await observe(known, [], foldable(known, statics(known)), feeds);
  const clean = simplify(withConstants(known, constants));
  const dims = new Map([...types].map(([value, { shape }]) => [value, shape]));
  return { graph: clean, types: typesOf(clean, types, dims) };
}

function bindShapes(graph: Graph, shapes: Readonly<Record<Value, readonly number[]>>): Graph {
  const bound = copyGraph(graph);
  bound.inputs = graph.inputs.map((input) => ({ ...input, shape: shapes[input.name] ?? input.shape }));
  // Shapes that an exporter wrote beside the outputs may name symbols that are numbers now.
  bound.outputs = graph.outputs.map((output) => ({ name: output.name, type: undefined, shape: undefined }));
  return bound;
}

/** Values that the inputs' elements cannot change: computed from constants and from shapes alone. */
function staticValues(
  graph: Graph,
  variables: ReadonlySet<Value>,
  unfolded: ReadonlySet<string>,
): Set<Value> {
  const fixed = new Set([...graph.initializers.keys()].filter((name) => !variables.has(name)));
  for (const node of graph.nodes) {
    const reads = readsOf(node);
    const measures = node.domain === "" && (node.op === "Shape" || node.op === "Size");
    const foldable = isPure(node) && !unfolded.has(node.op);
    if (foldable && (measures || reads.every((name) => fixed.has(name)))) {
      for (const output of node.outputs) if (output) fixed.add(output);
    }
  }
  return fixed;
}

/** The static values that something else reads, constants already stored left out. */
function foldable(graph: Graph, fixed: ReadonlySet<Value>): Value[] {
  const read = graph.nodes
    .filter((node) => !node.outputs.some((output) => fixed.has(output)))
    .flatMap(readsOf);
  const outputs = graph.outputs.map((output) => output.name);
  return [...new Set([...read, ...outputs])].filter(
    (name) => fixed.has(name) && !graph.initializers.has(name),
  );
}

/** Runs what the shapes of some values and some constants need. */
async function observe(
  graph: Graph,
  values: readonly Value[],
  frontier: readonly Value[],
  feeds: Readonly<Record<Value, Tensor>>,
) {
  const watched = copyGraph(graph);
  watched.outputs = [];
  const build = new GraphBuilder(watched);
  const shapeOutputs = new Map(values.map((value) => [value, build.op("Shape", [value])]));
  for (const output of [...shapeOutputs.values(), ...frontier]) build.output(output);
  if (watched.outputs.length === 0) return { dims: new Map(), constants: new Map() };
  const needed = removeDead(watched);
  const session = await openSession(needed, { optimization: "none" });
  try {
    const results = await session.run(feeds);
    const dims = new Map(
      values.map((value) => [
        value,
        Array.from(results[shapeOutputs.get(value)!]!.data as BigInt64Array, Number),
      ]),
    );
    const kept = frontier.filter((value) => sizeOf(results[value]!.dims) <= largestFolded);
    return { dims, constants: new Map(kept.map((value) => [value, results[value]!])) };
  } finally {
    await session.dispose();
  }
}

function zeroFeeds(graph: Graph): Record<Value, Tensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, type, shape }) => {
      const open = shape?.find((dim) => typeof dim !== "number");
      if (!shape || open !== undefined || type === undefined || type === "string") {
        throw new SeawallError(
          "model",
          `input "${name}" (${type ?? "unknown type"} [${shape?.join(", ") ?? "?"}]) has no fixed shape; give one with --input-shape`,
        );
      }
      const dims = shape as readonly number[];
      refuseLargeInput(name, { type, shape: dims });
      return [name, { type, dims, data: new arrayConstructors[type](sizeOf(dims)) }];
    }),
  );
}

function typesOf(
  graph: Graph,
  measured: ReadonlyMap<Value, TypedShape>,
  dims: ReadonlyMap<Value, readonly number[]>,
): Map<Value, TypedShape> {
  const known = new Map<Value, TypedShape>();
  for (const { name, type, shape } of graph.inputs)
    known.set(name, { type: type!, shape: shape as readonly number[] });
  for (const [name, tensor] of graph.initializers) known.set(name, { type: tensor.type, shape: tensor.dims });
  for (const name of graph.nodes.flatMap((node) => node.outputs)) {
    const type = measured.get(name)?.type;
    const shape = dims.get(name);
    if (type && shape) known.set(name, { type, shape });
  }
  return known;
}
