/** Query-based models: recognised by their two outputs, and given the map of their own post-processing. */
import { describe, expect, it } from "vitest";
import { float32, randomStream, sizeOf, type Tensor } from "../../src/base/index.js";
import { losses } from "../../src/loss/index.js";
import { emptyGraph, type Graph, GraphBuilder, type Value } from "../../src/onnx/index.js";
import { openModel } from "../../src/oracle/index.js";
import { openSession } from "../../src/runtime/index.js";
import { tinyImage, tinyLabels } from "../helpers/models.js";

const [queries, classes, height, width] = [5, 4, 12, 16];

interface QueryModelOptions {
  /** Size of the masks. */
  readonly size?: readonly [number, number];
  /** An output more, as exporters leave hidden states. */
  readonly extra?: boolean;
}

/** Class logits from the image's mean, mask logits from a convolution. */
function queryModel({ size = [6, 8], extra = false }: QueryModelOptions = {}): Graph {
  const graph = emptyGraph("queries", 18);
  const b = new GraphBuilder(graph);
  const image = b.input("image", "float32", [1, 3, height, width]);
  const weights = (dims: readonly number[]) =>
    b.constant(float32(dims, randomStream("queries", ...dims).uniform(sizeOf(dims), -1, 1)), "weights");
  const strides = [height / size[0], width / size[1]];
  const masks = b.op("Conv", [image, weights([queries, 3, 3, 3])], { pads: [1, 1, 1, 1], strides });
  const mean = b.reduce("ReduceMean", image, [2, 3], false);
  const logits = b.reshape(b.matmul(mean, weights([3, queries * (classes + 1)])), [1, queries, classes + 1]);
  b.output(logits, "class_queries_logits");
  b.output(masks, "masks_queries_logits");
  if (extra) b.output(b.reduce("ReduceMean", masks, [1]), "hidden");
  return graph;
}

async function run(graph: Graph, feeds: Readonly<Record<Value, Tensor>>) {
  const session = await openSession(graph, { threads: 1 });
  const results = await session.run(feeds);
  await session.dispose();
  return results;
}

const image = tinyImage(height, width);

describe("a query-based model", () => {
  it.each([false, true])("is recognised (with a further output: %s)", async (extra) => {
    const { prepared } = await openModel(queryModel({ extra }), {});
    expect(prepared.classes).toBe(classes);
    expect(prepared.notices.join()).toMatch(/query-based model: its logits are the logarithm/);
    expect(prepared.types.get(prepared.logits)!.shape).toEqual([1, classes, height, width]);
  });

  it("has as softmax the sum over queries, normalised", async () => {
    const graph = queryModel({ size: [height, width] });
    const outputs = await run(graph, { image: float32([1, 3, height, width], image) });
    const [given, masks] = ["class_queries_logits", "masks_queries_logits"].map(
      (name) => outputs[name]!.data as Float32Array,
    ) as [Float32Array, Float32Array];
    const { prepared } = await openModel(graph, {});
    const feeds = { [prepared.image]: float32([1, 3, height, width], image) };
    const logits = (await run(prepared.graph, feeds))[prepared.logits]!.data as Float32Array;
    const area = height * width;
    for (let pixel = 0; pixel < area; pixel += 7) {
      const scores = Array.from({ length: classes }, (_, k) => {
        let sum = 0;
        for (let q = 0; q < queries; q++) {
          const row = given.subarray(q * (classes + 1), (q + 1) * (classes + 1));
          const total = row.reduce((partial, value) => partial + Math.exp(value), 0);
          sum += Math.exp(row[k]!) / total / (1 + Math.exp(-masks[q * area + pixel]!));
        }
        return sum;
      });
      for (const [k, score] of scores.entries()) {
        expect(Math.exp(logits[k * area + pixel]!)).toBeCloseTo(score, 5);
      }
    }
  });

  it("has a gradient that moves its loss", async () => {
    const oracle = (await openModel(queryModel(), {})).oracle({ losses: [losses.ce] });
    const labels = tinyLabels(height, width, classes);
    const asked = oracle.image(image, labels);
    const { objective, gradient } = await asked.evaluate(image, { loss: losses.ce });
    const length = Math.hypot(...gradient);
    const moved = image.map((value, i) => value + (0.01 * gradient[i]!) / length);
    const after = await asked.evaluate(moved, { loss: losses.ce });
    expect((after.objective - objective) / 0.01).toBeCloseTo(length, 2);
    await oracle.dispose();
  });

  it("is not looked for where an output is named", async () => {
    await expect(openModel(queryModel(), { output: "class_queries_logits" })).rejects.toThrow(
      /logits N×K×h×w/,
    );
  });

  it("with a wrong number of classes says so", async () => {
    await expect(openModel(queryModel(), { classes: 7 })).rejects.toThrow(/has 4 classes, the labels 7/);
  });
});
