/** Gradients of whole graphs at given points, and their finite differences. */
import { float32, randomStream, sizeOf, type Tensor } from "../../src/base/index.js";
import { appendGradients, type Target, trace } from "../../src/compile/index.js";
import {
  copyGraph,
  emptyGraph,
  type Graph,
  GraphBuilder,
  simplify,
  type Value,
} from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";

export type Feeds = Readonly<Record<Value, Tensor>>;

/** A graph with one input per feed; `write` returns its outputs by name. */
export function graphOf(
  feeds: Feeds,
  write: (build: GraphBuilder) => Readonly<Record<string, Value>>,
  opset = 18,
): Graph {
  const build = new GraphBuilder(emptyGraph("test", opset));
  for (const [name, { type, dims }] of Object.entries(feeds)) build.input(name, type, dims);
  for (const [name, value] of Object.entries(write(build))) build.output(value, name);
  return build.graph;
}

export async function evaluate(graph: Graph, feeds: Feeds): Promise<Record<string, Tensor>> {
  const session = await openSession(graph, { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

/**
 * The graph extended by outputs `grad/NAME`, one for each of `wrt` (default: the float inputs): gradients of
 * Σ ⟨seed, output⟩ over the given outputs (default: all float ones, seeded with ones).
 */
export async function withGradients(
  graph: Graph,
  feeds: Feeds,
  options: { wrt?: readonly Value[]; seeds?: Feeds; target?: Target } = {},
): Promise<Graph> {
  const { graph: traced, types } = await trace(graph, { feeds });
  const build = new GraphBuilder(copyGraph(traced));
  const floats = traced.outputs.map(({ name }) => name).filter((name) => types.get(name)?.type === "float32");
  const given =
    options.seeds ?? Object.fromEntries(floats.map((name) => [name, onesOf(types.get(name)!.shape)]));
  const seeds = new Map(Object.entries(given).map(([name, seed]) => [name, build.constant(seed)]));
  const wrt = options.wrt ?? Object.keys(feeds).filter((name) => feeds[name]!.type === "float32");
  for (const [value, gradient] of appendGradients(build, { seeds, wrt, types }, options.target ?? "cpu")) {
    build.output(gradient, `grad/${value}`);
  }
  return simplify(build.graph);
}

/** Gradient arrays by the name of the value. */
export async function gradientsOf(
  graph: Graph,
  feeds: Feeds,
  options: { wrt?: readonly Value[]; seeds?: Feeds } = {},
): Promise<Record<Value, number[]>> {
  const results = await evaluate(await withGradients(graph, feeds, options), feeds);
  const entries = Object.entries(results).filter(([name]) => name.startsWith("grad/"));
  return Object.fromEntries(
    entries.map(([name, { data }]) => [name.slice("grad/".length), Array.from(data as Float32Array)]),
  );
}

/** The slope of the sum of output `name` along a random direction in all feeds: by the rules and by differences. */
export async function slopes(graph: Graph, feeds: Feeds, name: string, seed: string | number) {
  const size = sizeOf((await evaluate(graph, feeds))[name]!.dims);
  const weights = randomStream(seed, "weights").uniform(size, -1, 1);
  const seeds = { [name]: float32((await evaluate(graph, feeds))[name]!.dims, weights) };
  const gradients = await gradientsOf(graph, feeds, { seeds });
  const direction = Object.fromEntries(
    Object.entries(feeds).map(([input, { dims }]) => [
      input,
      randomStream(seed, input).uniform(sizeOf(dims), -1, 1),
    ]),
  );
  const at = async (h: number) => {
    const moved = Object.fromEntries(
      Object.entries(feeds).map(([input, { dims, data }]) => [
        input,
        float32(
          dims,
          (data as Float32Array).map((x, i) => x + h * direction[input]![i]!),
        ),
      ]),
    );
    return dot((await evaluate(graph, moved))[name]!.data as Float32Array, weights);
  };
  const central = async (h: number) => ((await at(h)) - (await at(-h))) / (2 * h);
  const byRules = Object.entries(gradients).reduce((sum, [input, g]) => sum + dot(g, direction[input]!), 0);
  const scale = Math.hypot(...Object.values(gradients).flat());
  return { byRules, byDifferences: (4 * (await central(0.01)) - (await central(0.02))) / 3, scale };
}

function onesOf(shape: readonly number[]): Tensor {
  return float32(shape, new Float32Array(sizeOf(shape)).fill(1));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
}
