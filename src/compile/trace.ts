/** Tracing: every shape is fixed, and every value that does not depend on the image. */

import type { TypedShape } from "../autodiff/index.js";
import { arrayConstructors, numbersOf, SeawallError, sizeOf, type Tensor } from "../base/index.js";
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
import { isDoubtful } from "./doubt.js";
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

export interface TraceRequest {
  /** Shapes of inputs; default: as the graph states them. */
  readonly shapes?: Readonly<Record<Value, readonly number[]>>;
  /** What inputs are where the graph must be run in part; default zeros. */
  readonly feeds?: Readonly<Record<Value, Tensor>>;
  /** Initializers that may change later: nothing that depends on them is folded. */
  readonly variables?: ReadonlySet<Value> | undefined;
  /** Standard operators that stay as they are, also if their operands are constant. */
  readonly unfolded?: ReadonlySet<string>;
}

/**
 * Binds a graph's inputs to shapes and returns it with every value's type and shape, with constant and
 * shape-computing subgraphs folded, and with branches and loops whose course is constant written out. Only what decides
 * a shape, or is constant, is run; all of it where the engine may infer shapes wrongly.
 * @throws SeawallError `model` if the graph is none at these shapes
 */
export async function trace(
  graph: Graph,
  { shapes = {}, feeds = {}, variables = new Set(), unfolded = new Set() }: TraceRequest = {},
): Promise<TracedGraph> {
  const bound = bindShapes(simplify(graph), shapes);
  const all = { ...zeroFeeds(bound), ...feeds };
  const statics = (part: Graph) => staticValues(part, variables, unfolded);
  const { graph: measured, types } = await measure(bound, statics, all);
  const known = simplify(measured);
  const doubtful = isDoubtful(known, (value) => types.get(value)?.shape);
  const values = doubtful ? known.nodes.flatMap((node) => node.outputs.filter(Boolean)) : [];
  const { dims, found } = await observe(known, foldable(known, statics(known)), values, all);
  const clean = simplify(withConstants(known, found));
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

/** Runs what some constants, and the shapes of some values, need. */
async function observe(
  graph: Graph,
  constants: readonly Value[],
  shaped: readonly Value[],
  feeds: Readonly<Record<Value, Tensor>>,
) {
  const watched = copyGraph(graph);
  watched.outputs = [];
  const build = new GraphBuilder(watched);
  const shapes = new Map(shaped.map((value) => [value, build.op("Shape", [value])]));
  for (const output of [...shapes.values(), ...constants]) build.output(output);
  if (watched.outputs.length === 0)
    return { dims: new Map<Value, readonly number[]>(), found: new Map<Value, Tensor>() };
  const session = await openSession(removeDead(watched), { optimization: "none" });
  try {
    const results = await session.run(feeds);
    const dims = new Map([...shapes].map(([value, shape]) => [value, numbersOf(results[shape]!)]));
    const kept = constants.filter((value) => sizeOf(results[value]!.dims) <= largestFolded);
    return { dims, found: new Map(kept.map((value) => [value, results[value]!])) };
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
  seen: ReadonlyMap<Value, readonly number[]>,
): Map<Value, TypedShape> {
  const known = new Map<Value, TypedShape>();
  for (const { name, type, shape } of graph.inputs)
    known.set(name, { type: type!, shape: shape as readonly number[] });
  for (const [name, tensor] of graph.initializers) known.set(name, { type: tensor.type, shape: tensor.dims });
  for (const name of graph.nodes.flatMap((node) => node.outputs)) {
    const typed = measured.get(name);
    if (typed) known.set(name, { type: typed.type, shape: seen.get(name) ?? typed.shape });
  }
  return known;
}
