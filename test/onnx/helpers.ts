/** Runs models in the engine, from bytes, and compares outputs. */
import {
  arrayConstructors,
  type DataType,
  numbersOf,
  randomStream,
  sizeOf,
  type Tensor,
} from "../../src/base/index.js";
import type { Graph } from "../../src/onnx/index.js";
import { ortEngine } from "../../src/runtime/ort.node.js";

/** Random inputs: floats in [0, 1), integers and booleans 0 or 1. Symbolic dimensions are 1. */
export function drawFeeds(graph: Graph): Record<string, Tensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, type, shape }) => {
      const dims = shape!.map((dim) => (typeof dim === "number" ? dim : 1));
      return [name, draw(name, type!, dims)];
    }),
  );
}

export function draw(key: string, type: DataType, dims: readonly number[]): Tensor {
  const numbers = randomStream("onnx tests", key).uniform(sizeOf(dims), 0, 1);
  if (type === "float32") return { type, dims, data: numbers };
  if (type === "float64") return { type, dims, data: Float64Array.from(numbers) };
  // Half-precision bit patterns of numbers between 0.5 and 1.
  if (type === "float16") return { type, dims, data: Uint16Array.from(numbers, (x) => 0x3800 + x * 0x3ff) };
  if (type === "int64")
    return { type, dims, data: BigInt64Array.from(numbers, (x) => BigInt(Math.round(x))) };
  if (type === "string" || type === "uint64" || type === "bfloat16") throw new Error(`no draw of ${type}`);
  return { type, dims, data: new arrayConstructors[type](numbers.map(Math.round)) };
}

/** Runs a model without the engine's optimizations, which differ between opsets. */
export async function runBytes(model: Uint8Array, feeds: Readonly<Record<string, Tensor>>) {
  const session = await ortEngine.open({ model, tensors: [] }, { optimization: "none", threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

/** The largest difference between two sets of outputs, relative to the largest value; infinite if shapes or types differ. */
export function relativeDifference(
  actual: Readonly<Record<string, Tensor>>,
  expected: Readonly<Record<string, Tensor>>,
): number {
  return Math.max(...Object.entries(expected).map(([name, tensor]) => differenceOf(actual[name]!, tensor)));
}

function differenceOf(a: Tensor, b: Tensor): number {
  if (a.type !== b.type || a.dims.join() !== b.dims.join()) return Number.POSITIVE_INFINITY;
  if (a.type === "string") return a.data.join() === b.data.join() ? 0 : 1;
  const [x, y] = [numbersOf(a), numbersOf(b)];
  let [worst, largest] = [0, Number.MIN_VALUE];
  for (const [i, value] of y.entries()) {
    if (!Object.is(value, x[i]!)) worst = Math.max(worst, Math.abs(value - x[i]!) || 0);
    if (Number.isNaN(value) !== Number.isNaN(x[i]!)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, Math.abs(value));
  }
  return worst / largest;
}
