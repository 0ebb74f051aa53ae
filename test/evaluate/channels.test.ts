/** Models of one, four and five channels, attacked from files to figures. */
import { join } from "node:path";
import { encode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { runEvaluation } from "../../src/evaluate/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { folderWith, greyPng, tiff } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";

const [height, width] = [12, 16];
const area = height * width;
let root: string;

beforeAll(async () => {
  const wave = (count: number, high: number) =>
    Array.from({ length: count }, (_, i) => Math.round((high * ((i * 37) % 256)) / 255));
  const size = { height, width };
  root = await folderWith({
    "1.onnx": writeModel(tinyModel({ channels: 1 })),
    "4.onnx": writeModel(tinyModel({ channels: 4, layout: "nhwc" })),
    "5.onnx": writeModel(tinyModel({ channels: 5 })),
    "1/a.png": greyPng(height, width, wave(area, 255)),
    "4/a.png": encode({ ...size, channels: 4, depth: 16, data: Uint16Array.from(wave(4 * area, 65535)) }),
    "5/a.tif": tiff({
      ...size,
      bands: 5,
      data: Float32Array.from(wave(5 * area, 255), (value) => value / 255),
    }),
  });
});

const settings = (channels: number) => ({
  model: join(root, `${channels}.onnx`),
  data: `folder:${join(root, String(channels))}`,
  labels: "self" as const,
  eps: "0.2",
  attacks: "apgd:ce,square,noise",
  steps: 10,
  parallel: 1,
});

describe.each([1, 4, 5])("a model of %i channels", (channels) => {
  it("is attacked by every kind of attack, inside of the ball", async () => {
    const result = await runEvaluation(settings(channels));
    expect(result.clean.aAcc).toBe(1);
    expect(result.robust[0]!.worst.aAcc).toBeLessThan(0.9);
    const failed = result.soundness.filter(({ status }) => status === "fail");
    expect(failed).toEqual([]);
    expect(result.model.input).toHaveLength(4);
  });

  it("moves by the same gradient in every channel: the checks pass", async () => {
    const result = await runEvaluation(settings(channels));
    const gradient = result.soundness.find(({ check }) => check === "gradient");
    expect(gradient?.status).toBe("pass");
  });
});
