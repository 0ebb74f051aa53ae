/** Measuring: types and shapes of all values, found without running anything whose cost is not known before. */
import type { TypedShape } from "../autodiff/index.js";
import { type DataType, numbersOf, SeawallError, type Tensor } from "../base/index.js";
import {
  copyGraph,
  describeNode,
  type Graph,
  GraphBuilder,
  inlineControlFlow,
  type Node,
  readsOf,
  removeDead,
  subgraphsOf,
  type Value,
} from "../onnx/index.js";
import { openSession, type Session } from "../runtime/index.js";
import { refuseMisfits } from "./fits.js";
import {
  hasStoredSizes,
  isBounded,
  isSteady,
  refuseLargeValues,
  refuseManyNodes,
  refuseOpenSize,
} from "./limits.js";

/** A graph whose values have known, bounded sizes. */
export interface MeasuredGraph {
  /** The graph in which branches and loops are written out, and constants that decide sizes are stored. */
  readonly graph: Graph;
  /** Type and shape of every value, initializers included. */
  readonly types: ReadonlyMap<Value, TypedShape>;
}

/**
 * Measures the values of a graph whose inputs have fixed shapes. The engine infers shapes when it loads a graph. Where
 * a shape depends on computed constants, the part that computes them is run, once its own sizes are known and bounded.
 * @param fixed the values that the elements of the inputs cannot change
 * @param feeds tensors for the inputs, for parts of which the engine infers nothing
 * @throws SeawallError `unsupported`, naming the node, where memory or work have no bound, or a too high one
 */
export async function measure(
  given: Graph,
  fixed: (graph: Graph) => ReadonlySet<Value>,
  feeds: Readonly<Record<Value, Tensor>>,
): Promise<MeasuredGraph> {
  let graph = inlineControlFlow(given);
  const types = new Map<Value, TypedShape>();
  for (;;) {
    refuseManyNodes(graph);
    noteGiven(types, graph);
    const { shaped, elements, waits } = await inferTypes(graph, types);
    for (const [value, type] of [...shaped, ...statedTypes(graph, elements)]) types.set(value, type);
    const constants = fixed(graph);
    refuseLargeValues(graph, types, constants);
    if (waits && shaped.length > 0) continue;
    if (unmeasured(graph, types).length === 0) {
      refuseMisfits(graph, types);
      return { graph, types };
    }
    const front = frontOf(graph, types, constants);
    if (front.measured.length + front.stored.length === 0) throw refuseOpenSize(front.blocked!);
    const found = await run(graph, front, feeds);
    for (const [value, shape] of found.shapes) types.set(value, { type: elements.get(value)!, shape });
    graph = inlineControlFlow(withConstants(graph, found.constants));
  }
}

function noteGiven(types: Map<Value, TypedShape>, { inputs, initializers }: Graph): void {
  for (const { name, type, shape } of inputs)
    types.set(name, { type: type!, shape: shape as readonly number[] });
  for (const [name, { type, dims }] of initializers) types.set(name, { type, shape: dims });
}

const isKnown = (types: ReadonlyMap<Value, TypedShape>) => (value: Value) => value === "" || types.has(value);

function unmeasured({ nodes }: Graph, types: ReadonlyMap<Value, TypedShape>): Node[] {
  return nodes.filter(({ outputs }) => !outputs.every(isKnown(types)));
}

/** Types of what is unpooled to a size that the graph stores, which the engine does not infer. */
function statedTypes(
  { nodes, initializers }: Graph,
  elements: ReadonlyMap<Value, DataType>,
): [Value, TypedShape][] {
  return nodes.flatMap(({ op, domain, inputs, outputs }): [Value, TypedShape][] => {
    const [value] = outputs as [Value];
    const size = op === "MaxUnpool" && domain === "" ? initializers.get(inputs[2] ?? "") : undefined;
    const type = elements.get(value);
    return size && type ? [[value, { type, shape: numbersOf(size) }]] : [];
  });
}

/** What the engine infers of the nodes that are not measured yet, when it loads them; nothing is run. */
async function inferTypes(graph: Graph, types: ReadonlyMap<Value, TypedShape>) {
  const open = unmeasured(graph, types);
  const nodes = withoutRiskySlices(open, types);
  const waits = nodes.length < open.length;
  const values = nodes.flatMap((node) => node.outputs.filter((value) => value && !types.has(value)));
  if (values.length === 0) return { shaped: [], elements: new Map<Value, DataType>(), waits };
  const part = withoutWeights(partOf(graph, nodes, types));
  // What the engine infers from numbers that it computes while loading is not checked yet.
  const unsure = nodes.filter((node) => hasSubgraphs(node) || !hasStoredSizes(node, graph));
  const hidden = new Set(unsure.flatMap((node) => node.outputs));
  const shaped: [Value, TypedShape][] = [];
  const elements = new Map<Value, DataType>();
  for (let i = 0; i < values.length; i += mostOutputs) {
    const asked = values.slice(i, i + mostOutputs);
    const { outputTypes, shapeOf } = await loadedTypes(part, asked);
    for (const value of asked) {
      const [type, shape] = [outputTypes.get(value), shapeOf(value)];
      if (type) elements.set(value, type);
      if (type && shape && !hidden.has(value)) shaped.push([value, { type, shape }]);
    }
  }
  return { shaped, elements, waits };
}

/** Operators that can make an axis of less than no length, of an image that is smaller than their kernel or their cut. */
const shrinking = new Set(["Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "Pad"]);

/**
 * The nodes before the first slices of values that may have such an axis: the engine ends the process when it infers the shape
 * of a slice of one. Without the slice it refuses the axis; then the slice is safe.
 */
function withoutRiskySlices(nodes: readonly Node[], types: ReadonlyMap<Value, TypedShape>): Node[] {
  const risky = new Set<Value>();
  const waiting = new Set<Value>();
  return nodes.filter((node) => {
    const reads = readsOf(node).filter((value) => !types.has(value));
    const isRisky = reads.some((value) => risky.has(value));
    const waits = reads.some((value) => waiting.has(value)) || (node.op === "Slice" && isRisky);
    const marks = waits ? waiting : risky;
    if (waits || isRisky || shrinking.has(node.op)) for (const value of node.outputs) marks.add(value);
    return !waits;
  });
}

/** Values that are asked for at once: the engine takes time that grows with the square of the number of outputs. */
const mostOutputs = 1024;

/** Element types of some values, and their shapes where the engine infers them. */
async function loadedTypes(part: Graph, values: readonly Value[]) {
  const exposed = copyGraph(part);
  const shapes = expose(exposed, values, values);
  const session = await load(removeDead(exposed));
  await session.dispose();
  const { outputTypes, outputShapes } = session;
  const shapeOf = (value: Value) => {
    const shape = outputShapes.get(value) ?? [];
    // A shape of no lengths is that of a scalar or an unknown one: the shape of the shape tells.
    const isKnown = outputShapes.get(shapes.get(value)!)?.[0] === shape.length && shape.every(isNumber);
    return isKnown ? shape.filter(isNumber) : undefined;
  };
  return { outputTypes, shapeOf };
}

/** Loads a graph; the error of one that the engine refuses names the first node that it cannot have. */
async function load(graph: Graph): Promise<Session> {
  const first = (count: number, label?: string) => {
    const nodes = graph.nodes.slice(0, count);
    const made = new Set(nodes.flatMap((node) => node.outputs));
    const outputs = graph.outputs.filter(({ name }) => made.has(name));
    return openSession({ ...graph, nodes, outputs }, { optimization: "none", ...(label && { label }) });
  };
  const all = graph.nodes.length;
  try {
    return await first(all);
  } catch {
    let [sound, broken] = [0, all];
    while (broken - sound > 1) {
      const middle = (sound + broken) >> 1;
      const session = await first(middle).catch(() => undefined);
      if (session) sound = middle;
      else broken = middle;
      await session?.dispose();
    }
    const node = describeNode(graph.nodes[broken - 1]!);
    return first(broken, node).catch((error: Error) => {
      throw / Invalid dimension: -/.test(error.message) ? tooSmall(node, error) : error;
    });
  }
}

const isNumber = (length: number | string) => typeof length === "number";

/** The sizes of values inside a graph that a node holds are not seen. */
const hasSubgraphs = (node: Node) => subgraphsOf(node).length > 0;

function tooSmall(node: string, cause: Error): SeawallError {
  return new SeawallError(
    "model",
    `${node} makes an axis of less than no length: the image is smaller than its kernel, or than what it cuts off; give larger images (--crop, --resize-short)`,
    { cause },
  );
}

/** These nodes as a graph of their own; measured values that they read become its inputs. */
function partOf(graph: Graph, nodes: readonly Node[], types: ReadonlyMap<Value, TypedShape>): Graph {
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const read = new Set(nodes.flatMap(readsOf).filter((value) => !made.has(value)));
  const inputs = [...read].filter((value) => !graph.initializers.has(value));
  return {
    ...copyGraph(graph),
    nodes: [...nodes],
    initializers: new Map([...graph.initializers].filter(([name]) => read.has(name))),
    inputs: inputs.map((name) => ({ name, ...types.get(name)! })),
  };
}

/** In elements: larger than any list of sizes that shapes are inferred from. */
const smallestWeight = 1024;

/** The graph with weights as inputs: what the engine infers depends on their types alone, and loading them takes time and memory. */
function withoutWeights(graph: Graph): Graph {
  const weights = [...graph.initializers].filter(
    ([, { type, data }]) => type === "float32" && data.length >= smallestWeight,
  );
  const names = new Set(weights.map(([name]) => name));
  const inputs = weights.map(([name, { type, dims }]) => ({ name, type, shape: dims }));
  return {
    ...graph,
    inputs: [...graph.inputs, ...inputs],
    initializers: new Map([...graph.initializers].filter(([name]) => !names.has(name))),
  };
}

/** Makes values, and the shapes of values, the outputs of a graph; returns the names of the shapes. */
function expose(graph: Graph, values: readonly Value[], shaped: readonly Value[]): ReadonlyMap<Value, Value> {
  graph.outputs = values.map((name) => ({ name, type: undefined, shape: undefined }));
  const build = new GraphBuilder(graph);
  const shapes = new Map(shaped.map((value) => [value, build.op("Shape", [value])]));
  for (const shape of shapes.values()) build.output(shape);
  return shapes;
}

/** What can be run next, and why not more. */
interface Front {
  /** Values whose shape the run tells. */
  readonly measured: readonly Value[];
  /** Constants that the nodes after the front read. */
  readonly stored: readonly Value[];
  /** The first node that has to wait. */
  readonly blocked: Node | undefined;
}

/** A node joins the front once all that it reads is there, and its outputs are measured or cannot be larger than that. */
function frontOf(graph: Graph, types: ReadonlyMap<Value, TypedShape>, constants: ReadonlySet<Value>): Front {
  const ready = new Set([...graph.initializers.keys(), ...graph.inputs.map(({ name }) => name)]);
  // A branch is written out once its condition is stored.
  const isOpen = (node: Node) => !(hasSubgraphs(node) && constants.has(node.inputs[0]!));
  const isMeasured = ({ outputs }: Node) => outputs.every(isKnown(types));
  const blocked: Node[] = [];
  for (const node of graph.nodes) {
    const isSmall = (isSteady(node) && isOpen(node)) || isBounded(node, graph, types);
    const mayRun = isMeasured(node) || isSmall;
    if (mayRun && readsOf(node).every((value) => ready.has(value))) {
      for (const output of node.outputs) if (output) ready.add(output);
    } else blocked.push(node);
  }
  const waiting = new Set(blocked.filter((node) => !isMeasured(node)).flatMap(readsOf));
  return {
    measured: [...ready].filter((value) => !types.has(value)),
    stored: [...waiting].filter(
      (value) => ready.has(value) && constants.has(value) && !graph.initializers.has(value),
    ),
    blocked: blocked.find((node) => !isMeasured(node)),
  };
}

/** Runs the part of the graph that the front needs. */
async function run(graph: Graph, { measured, stored }: Front, feeds: Readonly<Record<Value, Tensor>>) {
  const part = copyGraph(graph);
  const shapes = expose(part, stored, measured);
  const needed = removeDead(part);
  const session = await openSession(needed, { optimization: "none" });
  try {
    const results = await session.run(feeds);
    const shapeOf = (value: Value) => Array.from(results[shapes.get(value)!]!.data as BigInt64Array, Number);
    return {
      shapes: measured.map((value) => [value, shapeOf(value)] as const),
      constants: new Map(stored.map((value) => [value, results[value]!])),
    };
  } finally {
    await session.dispose();
  }
}

/** The graph with constants stored in place of the nodes that compute them. */
export function withConstants(graph: Graph, constants: ReadonlyMap<Value, Tensor>): Graph {
  const next = copyGraph(graph);
  for (const [value, tensor] of constants) next.initializers.set(value, tensor);
  next.nodes = next.nodes.filter((node) => !node.outputs.some((output) => constants.has(output)));
  return next;
}
