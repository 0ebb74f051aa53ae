/** The exported gradient graph: the contract of `seawall grad`, run by the bare engine. */
import { describe, expect, it } from "vitest";
import { float32, int64, randomStream } from "../../src/base/index.js";
import { losses } from "../../src/loss/index.js";
import { emptyGraph, GraphBuilder, readModel, writeModel } from "../../src/onnx/index.js";
import { exportGradient, openModel } from "../../src/oracle/index.js";
import { openSession } from "../../src/runtime/index.js";
import { tinyImage, tinyLabels, tinyModel } from "../helpers/models.js";

const [height, width, classes] = [6, 8, 4];
const image = tinyImage(height, width);
const labels = tinyLabels(height, width, classes);
const shape = [1, 3, height, width];

describe("with --loss ce", () => {
  it("returns logits, the mean over counted pixels and its gradient; and survives being written", async () => {
    const { graph, check } = await exportGradient(tinyModel(), { loss: "ce", inputShape: shape });
    expect(check!.error).toBeLessThan(0.02);
    const session = await openSession(readModel(writeModel(graph)));
    const feeds = { image: float32(shape, image), labels: int64([1, height, width], Array.from(labels)) };
    const { logits, loss, grad } = await session.run(feeds);
    expect(logits!.dims).toEqual([1, classes, height, width]);
    expect(grad!.dims).toEqual(shape);

    const model = await openModel(tinyModel(), { size: { height, width } });
    const oracle = model.oracle({ losses: [losses.ce] }).image(image, labels);
    const { objective, gradient } = await oracle.evaluate(image, { loss: losses.ce });
    const counted = labels.filter((label) => label >= 0).length / labels.length;
    expect((loss!.data as Float32Array)[0]).toBeCloseTo(objective / counted, 5);
    const error = Math.max(
      ...gradient.map((g, i) => Math.abs(g / counted - (grad!.data as Float32Array)[i]!)),
    );
    expect(error).toBeLessThan(1e-7);
  });

  it("knows another ignore label and the model's own layout", async () => {
    const options = { loss: "ce", inputShape: [1, height, width, 3], ignoreLabel: 255 } as const;
    const { graph } = await exportGradient(tinyModel({ layout: "nhwc" }), options);
    const session = await openSession(graph);
    const stored = Array.from(labels, (label) => (label < 0 ? 255 : label));
    const nhwc = Float32Array.from(
      { length: image.length },
      (_, i) => image[(i % 3) * height * width + Math.floor(i / 3)]!,
    );
    const feeds = { image: float32([1, height, width, 3], nhwc), labels: int64([1, height, width], stored) };
    const { grad, loss } = await session.run(feeds);
    expect(grad!.dims).toEqual([1, height, width, 3]);

    const plain = await exportGradient(tinyModel(), { loss: "ce", inputShape: shape, check: false });
    const reference = await (await openSession(plain.graph)).run({
      image: float32(shape, image),
      labels: int64([1, height, width], Array.from(labels)),
    });
    expect((loss!.data as Float32Array)[0]).toBeCloseTo((reference.loss!.data as Float32Array)[0]!, 5);
  });

  it("adds the gradient of every weight with --params", async () => {
    const { graph } = await exportGradient(tinyModel(), { loss: "ce", inputShape: shape, params: true });
    const gradients = graph.outputs.map(({ name }) => name).filter((name) => name.startsWith("grad/"));
    expect(gradients).toHaveLength(4);
  });
});

it("with --loss none differentiates any network along an output gradient", async () => {
  const graph = emptyGraph("product", 18);
  const b = new GraphBuilder(graph);
  const [x, y] = [b.input("x", "float32", [2, 3]), b.input("y", "float32", [3, 2])];
  b.output(b.matmul(x, y), "z");
  const exported = await exportGradient(graph, { loss: "none" });
  const random = randomStream("none");
  const [xs, ys, seed] = [random.normal(6), random.normal(6), random.normal(4)];
  const session = await openSession(exported.graph);
  const results = await session.run({
    x: float32([2, 3], xs),
    y: float32([3, 2], ys),
    output_grad: float32([2, 2], seed),
  });
  expect(Object.keys(results).sort()).toEqual(["grad/x", "grad/y", "z"]);
  const expected = seed[0]! * ys[0]! + seed[1]! * ys[1]!;
  expect((results["grad/x"]!.data as Float32Array)[0]).toBeCloseTo(expected, 5);
});

it("gives way to its own names where the model has inner values that bear them", async () => {
  const graph = tinyModel();
  const rename = (value: string) => (value === graph.nodes[0]!.outputs[0] ? "loss" : value);
  graph.nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
  const exported = await exportGradient(graph, { loss: "ce", inputShape: shape });
  expect(exported.graph.outputs.map(({ name }) => name)).toEqual(["logits", "loss", "grad"]);
});

it("refuses an output or an input that is not there", async () => {
  const model = tinyModel();
  await expect(exportGradient(model, { loss: "none", output: "x", inputShape: shape })).rejects.toThrow(
    /"output"/,
  );
  await expect(exportGradient(model, { loss: "none", wrt: ["x"] })).rejects.toThrow(
    /--wrt x: not a float input/,
  );
});

it("refuses a model of bytes for an output gradient, and says what differentiates it", async () => {
  const model = tinyModel();
  const bytes = { ...model, inputs: model.inputs.map((input) => ({ ...input, type: "uint8" as const })) };
  await expect(exportGradient(bytes, { loss: "none" })).rejects.toThrow(
    /no float input to differentiate, its inputs are "image" uint8 .*--loss ce differentiates a uint8 image/,
  );
});
