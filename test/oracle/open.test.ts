/** Opening models: image and logits are found in every form, or refused with a reason. */
import { describe, expect, it } from "vitest";
import { losses } from "../../src/loss/index.js";
import { emptyGraph, type Graph, GraphBuilder } from "../../src/onnx/index.js";
import { openModel } from "../../src/oracle/index.js";
import { tinyImage, tinyLabels, tinyModel } from "../helpers/models.js";

const size = { height: 6, width: 8 };
const image = tinyImage(6, 8);
const labels = tinyLabels(6, 8, 4);

async function answer(graph: Graph, options = {}) {
  const model = await openModel(graph, { size, ...options });
  const oracle = model.oracle({ losses: [losses.ce] });
  const evaluation = await oracle.image(image, labels).evaluate(image, { loss: losses.ce });
  await oracle.dispose();
  return { ...evaluation, notices: model.prepared.notices.join("; "), classes: model.prepared.classes };
}

describe("a model in another form gives the same loss and gradient", () => {
  it.each([
    ["channels last", tinyModel({ layout: "nhwc" }), /layout nhwc/],
    ["ending in Softmax", tinyModel({ ending: "Softmax" }), /ends in Softmax: cut back/],
    ["ending in ArgMax", tinyModel({ ending: "ArgMax" }), /ends in ArgMax: cut back/],
    ["channels last, ending in ArgMax", tinyModel({ layout: "nhwc", ending: "ArgMax" }), /ArgMax/],
    ["of another batch size", tinyModel({ batch: 3 }), /1×3×6×8/],
    ["of fixed size", tinyModel({ batch: 1, height: 6, width: 8 }), /1×3×6×8/],
  ])("%s", async (_, graph, notice) => {
    const plain = await answer(tinyModel());
    const other = await answer(graph, { classes: 4 });
    expect(other.notices).toMatch(notice);
    expect(other.objective).toBeCloseTo(plain.objective, 5);
    expect(Math.max(...other.gradient.map((g, i) => Math.abs(g - plain.gradient[i]!)))).toBeLessThan(1e-7);
  });
});

it("one sigmoid channel is two classes with logits (0, u)", async () => {
  const model = await openModel(tinyModel({ classes: 1, ending: "Sigmoid" }), { size });
  expect(model.prepared.classes).toBe(2);
  expect(model.prepared.notices.join()).toMatch(/two classes/);
  const two = labels.map((label) => Math.min(label, 1));
  const oracle = model.oracle({ losses: [losses.ce] });
  const { classes } = await oracle.image(image, two).predict(image);
  expect(new Set(Array.from(classes))).toEqual(new Set([0, 1]));
  expect(() => oracle.image(image, labels)).toThrow(/none of the model's 2 classes/);
});

it("coarse logits are resized to the image", async () => {
  const { notices, gradient } = await answer(tinyModel({ coarse: true }));
  expect(notices).toMatch(/3×4 are resized to the image's 6×8/);
  expect(gradient.length).toBe(image.length);
});

it("preprocessing belongs to the graph, so that the radius keeps its unit", async () => {
  const plain = await answer(tinyModel());
  const scaled = await answer(tinyModel(), { inputRange: [0, 2], mean: [0, 0, 0], std: [2, 2, 2] });
  expect(scaled.objective).toBeCloseTo(plain.objective, 5);
  const bgr = await answer(tinyModel(), { bgr: true });
  expect(bgr.objective).not.toBeCloseTo(plain.objective, 3);
});

describe("refused with what is wrong and what to do", () => {
  const refusal = async (graph: Graph, options = {}) =>
    openModel(graph, { size, ...options }).then(() => "", String);

  it("two image inputs", async () => {
    const graph = tinyModel();
    graph.inputs.push({ name: "second", type: "float32", shape: [1, 3, 6, 8] });
    expect(await refusal(graph)).toMatch(/2 image inputs among "image".*"second".*export/);
  });

  it("an input that is no image", async () => {
    const graph = tinyModel();
    graph.inputs.push({ name: "threshold", type: "float32", shape: [1] });
    expect(await refusal(graph)).toMatch(/input "threshold" is no image/);
  });

  it("four channels where the weights take three", async () => {
    const graph = tinyModel();
    graph.inputs[0] = { name: "image", type: "float32", shape: [1, 4, 8, 10] };
    expect(await refusal(graph)).toContain("reads 4 channels, and its kernel has weights for 3");
  });

  it("a batch size that is built in", async () => {
    const graph = emptyGraph("three", 18);
    const b = new GraphBuilder(graph);
    b.output(b.reshape(b.input("image", "float32", [3, 3, 6, 8]), [3, 3, 6, 8]), "output");
    expect(await refusal(graph)).toMatch(/fixed at 3 images and the model does not run with 1; export/);
  });

  it("a size of more pixels than can be counted, naming the file", async () => {
    await expect(openModel({ ...tinyModel({ height: 2 ** 53 }), file: "a.onnx" })).rejects.toThrow(
      'a.onnx: image input "image" is fixed at 9007199254740992 pixels, expected a positive whole number',
    );
  });

  it("an open size", async () => {
    expect(await openModel(tinyModel()).then(() => "", String)).toMatch(/--crop/);
  });

  it("several outputs, unless one is named", async () => {
    const graph = tinyModel();
    const b = new GraphBuilder(graph);
    b.output(b.op("Relu", ["output"]), "other");
    expect(await refusal(graph)).toMatch(/2 outputs, "output" \[1, 4, 6, 8\], "other".*--output/);
    expect(await refusal(graph, { output: "nothing" })).toMatch(
      /--output nothing: the model has no such output/,
    );
    expect(await refusal(graph, { output: "output" })).toBe("");
  });

  it("another number of classes", async () => {
    expect(await refusal(tinyModel(), { classes: 7, outputLayout: "nchw" })).toMatch(
      /4 classes, the labels 7/,
    );
  });

  it("an operator without a rule, with the way to it", async () => {
    const graph = emptyGraph("det", 18);
    const b = new GraphBuilder(graph);
    const x = b.input("image", "float32", [1, 3, 6, 6]);
    const determinant = b.op("Det", [b.op("Relu", [x])]);
    b.output(b.mul(x, b.reshape(determinant, [1, 3, 1, 1])), "output");
    const model = await openModel(graph, {});
    const oracle = model.oracle({ losses: [losses.ce] });
    const ask = oracle
      .image(tinyImage(6, 6), tinyLabels(6, 6, 3))
      .evaluate(tinyImage(6, 6), { loss: losses.ce });
    await expect(ask).rejects.toThrow(
      /Det "Det": operator Det has no gradient rule.*Relu "Relu" → Det "Det"/,
    );
  });

  it("logits behind an operator without a gradient", async () => {
    const graph = emptyGraph("constant", 18);
    const b = new GraphBuilder(graph);
    const x = b.input("image", "float32", [1, 3, 6, 8]);
    b.output(b.op("Sign", [x]), "output");
    const model = await openModel(graph, {});
    const oracle = model.oracle({ losses: [losses.ce] });
    const ask = oracle.image(image, new Int32Array(48)).evaluate(image, { loss: losses.ce });
    await expect(ask).rejects.toThrow(/leads through Sign "Sign", whose gradient is zero/);
  });
});
