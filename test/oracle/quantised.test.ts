/** Quantised models: predicted as the engine runs the file, differentiated as PyTorch's fake quantisation is. */
import { describe, expect, it } from "vitest";
import { float32, type Tensor } from "../../src/base/index.js";
import type { Graph } from "../../src/onnx/index.js";
import { exportGradient } from "../../src/oracle/index.js";
import { openSession } from "../../src/runtime/index.js";
import { convolutionalModel, dynamicModel, golden, productsModel } from "../helpers/quantised.js";

async function run(graph: Graph, feeds: Readonly<Record<string, Tensor>>) {
  const session = await openSession(graph, { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

const numbers = (tensor: Tensor | undefined) => Array.from(tensor!.data as Float32Array);

/** The gradient along `seed`, and the output of the written graph and of the file itself. */
async function differentiated(graph: Graph, x: Tensor, seed: Tensor) {
  const { name } = graph.inputs[0]!;
  const output = graph.outputs[0]!.name;
  const exported = await exportGradient(graph, { loss: "none" });
  const found = await run(exported.graph, { [name]: x, output_grad: seed });
  const file = await run(graph, { [name]: x });
  return {
    ...exported,
    gradient: numbers(found.grad),
    output: numbers(found[output]),
    file: numbers(file[output]),
  };
}

function expectClose(found: readonly number[], wanted: readonly number[], tolerance: number): void {
  const largest = Math.max(...wanted.map(Math.abs));
  expect(found.length).toBe(wanted.length);
  const off = found.map((value, i) => Math.abs(value - wanted[i]!) / largest);
  expect(Math.max(...off)).toBeLessThan(tolerance);
}

const { convolutional, products, dynamic } = golden;

describe("gradients are those of PyTorch, outputs those of the file to the bit", () => {
  it.each([
    ["convolutions, QDQ", convolutionalModel("qdq"), convolutional.logits],
    ["convolutions, QLinear operators", convolutionalModel("integers"), convolutional.logits],
  ])("%s", async (_, graph, wanted) => {
    const seed = float32([1, 3, 3, 3], convolutional.seed);
    const found = await differentiated(graph, float32([1, 3, 6, 6], convolutional.image), seed);
    expect(found.output).toEqual(found.file);
    expectClose(found.file, wanted, 1e-5);
    expectClose(found.gradient, convolutional.gradient, 1e-5);
    expect(found.gradient.filter((g) => g === 0).length).toBe(
      convolutional.gradient.filter((g) => g === 0).length,
    );
  });

  it.each([
    ["matrix products, QDQ", productsModel("qdq")],
    ["matrix products, QLinearMatMul and QGemm", productsModel("integers")],
  ])("%s", async (_, graph) => {
    const found = await differentiated(graph, float32([5, 4], products.x), float32([5, 3], products.seed));
    expect(found.output).toEqual(found.file);
    expectClose(found.file, products.output, 1e-5);
    expectClose(found.gradient, products.gradient, 1e-5);
  });

  it.each([
    ["dynamic ranges, MatMulInteger", dynamicModel("standard")],
    ["dynamic ranges, DynamicQuantizeMatMul", dynamicModel("fused")],
  ])("%s", async (_, graph) => {
    const seed = float32([1, 3, 4, 5], dynamic.seed);
    const found = await differentiated(graph, float32([1, 2, 4, 4], dynamic.x), seed);
    expect(found.output).toEqual(found.file);
    expectClose(found.file, dynamic.output, 1e-5);
    expectClose(found.gradient, dynamic.gradient, 1e-5);
  });
});
