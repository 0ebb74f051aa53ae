/** Models that take and give other element types than float32, as exporters and converters leave them. */
import { describe, expect, it } from "vitest";
import { type DataType, float32, randomStream } from "../../src/base/index.js";
import { losses } from "../../src/loss/index.js";
import { emptyGraph, type Graph, GraphBuilder } from "../../src/onnx/index.js";
import { exportGradient, openModel } from "../../src/oracle/index.js";
import { tinyImage, tinyLabels, tinyModel } from "../helpers/models.js";

const [height, width, classes] = [6, 8, 4];
const image = tinyImage(height, width);
const labels = tinyLabels(height, width, classes);

async function answer(graph: Graph, options = {}) {
  const model = await openModel(graph, { size: { height, width }, ...options });
  const oracle = model.oracle({ losses: [losses.ce] });
  const evaluation = await oracle.image(image, labels).evaluate(image, { loss: losses.ce });
  await oracle.dispose();
  return { ...evaluation, notices: model.prepared.notices.join("; ") };
}

/** A convolution over a converted image; `scale` is what the model multiplies its converted input by. */
function converting(type: DataType, layout: "nchw" | "nhwc", scale = 1): Graph {
  const graph = emptyGraph(type, 18);
  const b = new GraphBuilder(graph);
  const shape = layout === "nchw" ? [1, 3, height, width] : [1, height, width, 3];
  const input = b.input("image", type, shape);
  const floats = b.mul(b.cast(input, "float32"), scale);
  const first = layout === "nchw" ? floats : b.transpose(floats, [0, 3, 1, 2]);
  const kernel = b.constant(
    float32([classes, 3, 3, 3], randomStream("types").uniform(classes * 27, -1, 1)),
    "kernel",
  );
  b.output(b.op("Conv", [first, kernel], { pads: [1, 1, 1, 1] }), "scores");
  return graph;
}

describe("an image input", () => {
  it.each<[DataType, "nchw" | "nhwc"]>([
    ["float16", "nchw"],
    ["float64", "nchw"],
    ["float64", "nhwc"],
  ])("of %s, %s: the same answer as in float32", async (type, layout) => {
    const plain = await answer(converting("float32", "nchw"));
    const other = await answer(converting(type, layout));
    expect(other.objective).toBeCloseTo(plain.objective, 5);
    expect(other.notices).toContain(`${type} of the file`);
  });

  it("of uint8 is attacked in [0, 255] before its conversion", async () => {
    const plain = await answer(converting("float32", "nchw"));
    for (const layout of ["nchw", "nhwc"] as const) {
      const bytes = await answer(converting("uint8", layout, 1 / 255));
      expect(bytes.objective).toBeCloseTo(plain.objective, 5);
      const off = bytes.gradient.map((value, i) => Math.abs(value - plain.gradient[i]!));
      expect(Math.max(...off)).toBeLessThan(1e-6);
      expect(bytes.notices).toMatch(/is uint8: it is attacked as floats from 0 to 255/);
    }
  });

  it("of uint8 takes another range where one is given", async () => {
    const plain = await answer(converting("float32", "nchw"));
    const other = await answer(converting("uint8", "nchw", 1 / 100), { inputRange: [0, 100] });
    expect(other.objective).toBeCloseTo(plain.objective, 5);
  });

  it.each<DataType>(["int64", "string", "bool"])(
    "of %s is refused with the types there are",
    async (type) => {
      const graph = { ...converting("float32", "nchw") };
      graph.inputs = [{ ...graph.inputs[0]!, type }];
      await expect(openModel(graph, {})).rejects.toThrow(
        /expected one of float32, float16, float64, bfloat16, uint8/,
      );
    },
  );
});

describe("an output that is cut back", () => {
  const ending = (after: (b: GraphBuilder, logits: string) => string) =>
    tinyModel({ batch: 1, height, width, after });
  it.each<[string, (b: GraphBuilder, logits: string) => string]>([
    ["thresholded", (b, y) => b.cast(b.op("Greater", [y, b.scalar(0)]), "float32")],
    [
      "probabilities thresholded",
      (b, y) => b.cast(b.op("Greater", [b.op("Sigmoid", [y]), b.scalar(0.5)]), "uint8"),
    ],
    ["scaled to bytes", (b, y) => b.cast(b.mul(b.op("Sigmoid", [y]), 255), "uint8")],
    ["rounded probabilities", (b, y) => b.op("Round", [b.op("Softmax", [y], { axis: 1 })])],
    [
      "scaled before its ArgMax",
      (b, y) => b.op("ArgMax", [b.mul(b.op("Softmax", [y], { axis: 1 }), 100)], { axis: 1 }),
    ],
  ])("%s", async (_, after) => {
    const plain = await answer(tinyModel());
    const cut = await answer(ending(after), { classes });
    expect(cut.notices).toMatch(/cut back to its logits/);
    expect(cut.objective).toBeCloseTo(plain.objective, 5);
  });

  it("stays as it is where a product by a constant ends in no such operator", async () => {
    const scaled = await answer(ending((b, y) => b.mul(y, 2)));
    expect(scaled.notices).not.toMatch(/cut back/);
  });
});

describe("exports without a loss", () => {
  it("refuse outputs without a gradient, and gradients that are zero", async () => {
    const bytes = tinyModel({ batch: 1, height, width, ending: "ArgMax" });
    await expect(exportGradient(bytes, { loss: "none" })).rejects.toThrow(
      /output "output" is int64 and has no gradient: choose a float output/,
    );
    const threshold = tinyModel({
      batch: 1,
      height,
      width,
      after: (b, y) => b.cast(b.op("Greater", [y, b.scalar(0)]), "float32"),
    });
    await expect(exportGradient(threshold, { loss: "none" })).rejects.toThrow(/it is zero.*--output/);
  });

  it("differentiate float16 and float64 models in float32", async () => {
    for (const type of ["float16", "float64"] as const) {
      const { graph, notices, check } = await exportGradient(converting(type, "nchw"), { loss: "none" });
      expect(graph.inputs.map((input) => input.type)).toEqual(["float32", "float32"]);
      expect(notices.join()).toContain(type);
      expect(check!.verdict).toBe("agrees");
    }
  });
});
