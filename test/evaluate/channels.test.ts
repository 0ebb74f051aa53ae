/** Models of one, four and five channels, attacked from files to figures. */
import { join } from "node:path";
import { encode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { runEvaluation } from "../../src/evaluate/index.node.js";
import { checkUntouched, perturbedValues } from "../../src/evaluate/workers/channels.js";
import { readRun } from "../../src/journal/index.node.js";
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

describe("--perturb-channels", () => {
  /** The channels in which some counted point of an attack differs from its image. */
  async function changed(perturbChannels: number[]): Promise<Map<string, Set<number>>> {
    const found = new Map<string, Set<number>>();
    await runEvaluation(
      { ...settings(4), perturbChannels },
      {
        onPoint({ attack, point, sample }) {
          const own = found.get(attack) ?? new Set();
          point.forEach((value, i) => {
            if (value !== sample.image.data[i]) own.add(1 + Math.floor(i / area));
          });
          found.set(attack, own);
        },
      },
    );
    return found;
  }

  it("leaves the other channels as they are, in every attack", async () => {
    const found = await changed([1, 3]);
    expect(found.get("clean")).toEqual(new Set());
    for (const attack of ["apgd:ce", "square", "noise"]) expect(found.get(attack)).toEqual(new Set([1, 3]));
  });

  it("raises no check, and naming every channel changes no figure", async () => {
    const some = await runEvaluation({ ...settings(4), perturbChannels: [2] });
    expect(some.soundness.filter(({ status }) => status === "fail")).toEqual([]);
    expect(some.soundness.find(({ check }) => check === "edge")?.status).toBe("pass");
    const whole = await runEvaluation(settings(4));
    const all = await runEvaluation({ ...settings(4), perturbChannels: [4, 3, 2, 1] });
    expect(all.robust).toEqual(whole.robust);
    expect(some.robust[0]!.worst.aAcc).toBeGreaterThan(whole.robust[0]!.worst.aAcc!);
  });

  it("decides figures, and is told", async () => {
    const told: string[] = [];
    const out = join(root, "run");
    await runEvaluation(
      { ...settings(4), perturbChannels: [1, 3], out },
      { onNotice: (text) => told.push(text) },
    );
    expect(told).toContain("attacks change channels 1, 3 alone, and leave channels 2, 4 as stored");
    const { decidingSettings, config } = readRun(out).description;
    expect(config.perturbChannels).toEqual([1, 3]);
    expect(decidingSettings).toContain("perturbChannels");
    const other = { ...settings(4), perturbChannels: [1], out, resume: true };
    await expect(runEvaluation(other)).rejects.toThrow("perturbChannels");
  });

  it("names a channel that the model lacks", async () => {
    await expect(runEvaluation({ ...settings(4), perturbChannels: [5] })).rejects.toThrow(
      '--perturb-channels 5: image input "image" has 4 channels, counted from 1; channel 5 is none of them',
    );
  });

  it("is enforced: a point that differs elsewhere is refused", () => {
    const image = new Float32Array(8);
    const perturbed = perturbedValues({ image, height: 1, width: 2 }, [2]);
    const point = image.map((_, i) => (i === 3 ? 0.1 : 0));
    expect(() => checkUntouched(image, point, perturbed)).not.toThrow();
    point[4] = 0.1;
    expect(() => checkUntouched(image, point, perturbed)).toThrow("an attack changed value 4");
  });
});

it("a surrogate of other channels is refused", async () => {
  const surrogate = join(root, "5.onnx");
  await expect(runEvaluation({ ...settings(4), surrogate, attacks: "apgd:ce" })).rejects.toThrow(
    "5.onnx: it takes images of 5 channels, the model of 4 channels; a surrogate takes the same images",
  );
});

it("rounding to 8 bits is no question for images that are not stored so", async () => {
  const outcome = async (channels: number) =>
    (await runEvaluation(settings(channels))).soundness.find(({ check }) => check === "rounding");
  expect(await outcome(4)).toMatchObject({ status: "skip", detail: "the images are not stored in 8 bits" });
  expect((await outcome(1))?.status).toBe("pass");
});
