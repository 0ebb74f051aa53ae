/** The doctor's guess of the pixels that a model wants, on models that are right for one form alone. */
import { describe, expect, it } from "vitest";
import { float32, randomStream } from "../../../src/base/index.js";
import { makeSample, type Sample } from "../../../src/data/index.js";
import type { Settings } from "../../../src/evaluate/doctor/finding.js";
import { examineInput } from "../../../src/evaluate/doctor/input.node.js";
import { emptyGraph, type Graph, GraphBuilder } from "../../../src/onnx/index.js";

const [height, width] = [8, 10];

/** Random colours that are nearly grey, as those of photographs; class 1 where the byte of `channel` is 128 or more. */
function samples(count: number, channel = 0): Sample[] {
  return Array.from({ length: count }, (_, i) => {
    const noise = randomStream("input", i).uniform(3 * height * width, -40, 40);
    const grey = randomStream("grey", i).uniform(height * width, 40, 215);
    const data = Uint8Array.from(noise, (value, at) => grey[Math.floor(at / 3)]! + value);
    const sample = makeSample(`s${i}`, i, { height, width, channels: 3, data });
    const plane = sample.image.data.subarray(channel * height * width, (channel + 1) * height * width);
    return { ...sample, labels: Int32Array.from(plane, (value) => (value >= 0.5 ? 1 : 0)) };
  });
}

/** Two classes with logits 0 and (value of the input's first channel) − threshold. */
function thresholding(threshold: number): Graph {
  const graph = emptyGraph("thresholding", 18);
  const b = new GraphBuilder(graph);
  const kernel = b.constant(float32([2, 3, 1, 1], [0, 0, 0, 1, 0, 0]), "kernel");
  const image = b.input("image", "float32", [1, 3, height, width]);
  b.output(b.op("Conv", [image, kernel, b.constant(float32([2], [0, -threshold]), "bias")]), "logits");
  return graph;
}

async function finding(threshold: number, settings: Settings = {}, channel = 0) {
  const list = await examineInput(thresholding(threshold), settings, samples(3, channel));
  expect(list).toHaveLength(1);
  expect(list[0]).toMatchObject({ topic: "model", name: "pixels" });
  return list[0]!;
}

describe("pixels", () => {
  it("as given are accepted where they are best", async () => {
    const { status, detail } = await finding(0.5);
    expect(status).toBe("pass");
    expect(detail).toContain("clean mIoU 1.0000 on 3 images");
  });

  it("from 0 to 255 are recognised, and accepted once they are given", async () => {
    const guessed = await finding(127.5);
    expect(guessed.status).toBe("warn");
    expect(guessed.detail).toContain("but 1.0000 with --input-range 0,255; is that what the model wants?");
    expect((await finding(127.5, { inputRange: [0, 255] })).status).toBe("pass");
  });

  it("in blue, green, red order are recognised", async () => {
    const { status, detail } = await finding(0.5, {}, 2);
    expect(status).toBe("warn");
    expect(detail).toContain("with --bgr; is that what the model wants?");
  });

  it("that the settings change are held against none at all", async () => {
    const { status, detail } = await finding(0.5, { inputRange: [0, 255] });
    expect(status).toBe("warn");
    expect(detail).toContain("without --input-range 0,255; is that what the model wants?");
  });

  it("cannot be told apart by a model that does not look at them", async () => {
    const { status, detail } = await finding(1e6);
    expect(status).toBe("skip");
    expect(detail).toContain("nothing to tell them by");
  });
});
