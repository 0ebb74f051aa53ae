/** Quantised models: predicted as the engine runs the file, differentiated as PyTorch's fake quantisation is. */
import { describe, expect, it } from "vitest";
import { float32, type Tensor } from "../../src/base/index.js";
import { losses } from "../../src/loss/index.js";
import { copyGraph, type Graph, GraphBuilder, renamedNode } from "../../src/onnx/index.js";
import { exportGradient, openModel } from "../../src/oracle/index.js";
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

it("a uint8 image that integer operators read is rounded first, and scored as the file scores its bytes", async () => {
  const file = convolutionalModel("integers");
  const [quantizer, ...rest] = file.nodes;
  const scheme = golden.convolutional.schemes.image!;
  const bytes = {
    ...file,
    nodes: rest,
    inputs: [{ name: "bytes", type: "uint8" as const, shape: [1, 3, 6, 6] }],
  };
  bytes.nodes = rest.map((node) =>
    renamedNode(node, (value) => (value === quantizer!.outputs[0] ? "bytes" : value)),
  );
  const model = await openModel(bytes);
  expect(model.prepared.notices.join()).toContain("rounded to 8 bits before the model sees them");
  const point = float32(
    [3, 6, 6],
    convolutional.image.map((value) => Math.round(255 * value) / 255),
  );
  const { graph, logits, image } = model.prepared;
  const found = await run(graph, { [image]: float32([1, 3, 6, 6], point.data) });
  const reals = float32(
    [1, 3, 6, 6],
    convolutional.image.map((value) => Math.round(255 * value) * scheme.scale),
  );
  const wanted = await run(resized(file), { image: reals });
  expect(numbers(found[logits])).toEqual(numbers(wanted.large));
  const oracle = model.oracle({ losses: [losses.ce] });
  const { gradient } = await oracle
    .image(point.data, new Int32Array(36))
    .evaluate(point.data, { loss: losses.ce });
  await oracle.dispose();
  expect(gradient.filter((g) => Math.abs(g) > 1e-6).length).toBeGreaterThan(50);
});

/** The graph with its logits at the image's size, as Seawall appends them. */
function resized(graph: Graph): Graph {
  const build = new GraphBuilder(copyGraph(graph));
  build.graph.outputs = [];
  const large = build.op("Resize", ["logits", "", "", build.ints([1, 3, 6, 6])], {
    mode: "linear",
    coordinate_transformation_mode: "half_pixel",
  });
  build.output(large, "large");
  return build.graph;
}

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
