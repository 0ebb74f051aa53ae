/** Images that do not fit the model: the doctor names the right remedy first, and following it leads to a correct run. */
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { float32 } from "../../../src/base/index.js";
import { readSettings } from "../../../src/cli/settings/settings.js";
import { evaluationSchema } from "../../../src/evaluate/index.js";
import { inspect, runEvaluation } from "../../../src/evaluate/index.node.js";
import { emptyGraph, GraphBuilder, writeModel } from "../../../src/onnx/index.js";
import { folderWith, greyPng, npy, rgbPng, tiff } from "../../data/pixels.js";

const [height, width] = [12, 16];
const area = height * width;
/** A dark and a bright part; the labels say which. */
const bright = Array.from({ length: area }, (_, i) => i % width > 9);

/** Bright or dark: the mean of the channels against a half. */
function brightness(channels: number): Uint8Array {
  const b = new GraphBuilder(emptyGraph("brightness", 18));
  const image = b.input("image", "float32", ["n", channels, "h", "w"]);
  const weights = Float32Array.from({ length: 2 * channels }, (_, i) => (i < channels ? -4 : 4) / channels);
  const terms = [b.constant(float32([2, channels, 1, 1], weights)), b.constant(float32([2], [2, -2]))];
  b.output(b.op("Conv", [image, ...terms]), "logits");
  return writeModel(b.graph);
}

/** Values of the two parts, in every band: a little noise, so that no image equals another. */
const values = (bands: number, dark: number, light: number) =>
  Array.from({ length: area * bands }, (_, i) => {
    const value = bright[Math.floor(i / bands)] ? light : dark;
    return value + ((i * 7) % 5) * (light - dark) * 0.01;
  });

let root: string;
beforeAll(async () => {
  const size = { height, width };
  const labels = greyPng(height, width, bright.map(Number));
  const turned = (degrees: number) =>
    sharp(greyPng(height, width, values(1, 30, 220)))
      .rotate(degrees)
      .toColourspace("srgb");
  root = await folderWith({
    "1.onnx": brightness(1),
    "3.onnx": brightness(3),
    "4.onnx": brightness(4),
    "labels/a.png": labels,
    "four/a.tif": tiff({ ...size, bands: 4, data: Uint16Array.from(values(4, 9000, 60000)) }),
    "twelve/a.tif": tiff({ ...size, bands: 4, data: Uint16Array.from(values(4, 300, 2400)) }),
    "floats/a.tif": tiff({ ...size, bands: 1, data: Float32Array.from(values(1, 20, 230)) }),
    "signed/a.npy": npy(Int16Array.from(values(1, -900, 900)), {
      descr: "<i2",
      shape: `${height}, ${width}`,
    }),
    "colour/a.png": rgbPng(
      height,
      width,
      Uint8Array.from(values(3, 30, 220).map((value, i) => value + (i % 3))),
    ),
    "lying/a.png": await turned(-90).withMetadata({ orientation: 6 }).png().toBuffer(),
    "half/a.png": await turned(180).withMetadata({ orientation: 3 }).png().toBuffer(),
    "stored/a.png": await turned(0).withMetadata({ orientation: 6 }).png().toBuffer(),
  });
});

const settingsOf = (model: string, images: string) => ({
  model: join(root, model),
  data: `folder:${join(root, images)},${join(root, "labels")}`,
});

/** What is wrong with model and data, in the order of printing. */
async function problems(settings: object): Promise<string[]> {
  const { findings } = await inspect(settings);
  const raised = findings.filter(({ topic, status }) => /model|data/.test(topic) && /warn|fail/.test(status));
  return raised.map(({ detail }) => detail);
}

/** The settings that the first flag of a message asks for. */
async function advised(message: string): Promise<object> {
  const [, flag, value] = /--([a-z-]+) ([\w.,-]*\w)/.exec(message)!;
  const setting = flag!.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return readSettings(evaluationSchema.partial(), { [setting]: value });
}

const cleanAcc = async (settings: object) => {
  const run = { eps: "1/255", attacks: "noise", parallel: 1, ...settings };
  return (await runEvaluation(run as Parameters<typeof runEvaluation>[0])).clean.aAcc;
};

describe("the doctor's first words", () => {
  it.each([
    [
      "four bands, three channels",
      "3.onnx",
      "four",
      /four.a\.tif has 4 bands, the model takes 3 channels: choose the bands, as --bands 1,2,3 does/,
    ],
    [
      "colour, one channel",
      "1.onnx",
      "colour",
      /has 3 bands, the model takes 1 channel: --bands luma takes the brightness of colour images/,
    ],
    [
      "three bands, four channels",
      "4.onnx",
      "colour",
      /the model takes 4 channels: give images with 4 bands, or a band for each channel as --bands 1,2,3,3 does/,
    ],
    [
      "12 bits stored in 16",
      "4.onnx",
      "twelve",
      /^0\.005 to 0\.038 of \[0, 1\]: the files hold 300 to 2484, where 0 is black and 65535 white; --pixel-range 0,2484 spans/,
    ],
    [
      "floats up to 255",
      "1.onnx",
      "floats",
      /values from 20 to 238\.\d+, expected 0 \(black\) to 1 \(white\); --pixel-range 0,238/,
    ],
    [
      "labels of the stored image",
      "3.onnx",
      "stored",
      /a\.png has 12×16 pixels \(width×height\) and its labels .*a\.png have 16×12; the labels fit the image without its EXIF orientation: --exif-orientation ignore/,
    ],
  ])("on %s name a remedy that leads to a correct run", async (_, model, images, message) => {
    const settings = settingsOf(model, images);
    const [first] = await problems(settings);
    expect(first).toMatch(message);
    const mended = {
      ...settings,
      ...(await advised(first!)),
    };
    expect(await problems(mended)).toEqual([]);
    expect(await cleanAcc(mended)).toBe(1);
  });

  it("on signed integers ask for their range", async () => {
    const settings = settingsOf("1.onnx", "signed");
    expect((await problems(settings))[0]).toMatch(
      /holds values of type int16, of which black and white are not known; give them with --pixel-range BLACK,WHITE/,
    );
    const mended = { ...settings, pixelRange: [-1000, 1000] as const };
    expect(await problems(mended)).toEqual([]);
    expect(await cleanAcc(mended)).toBe(1);
  });

  it("on a range that is too small say what is cut", async () => {
    const [first] = await problems({ ...settingsOf("4.onnx", "twelve"), pixelRange: [0, 1000] });
    expect(first).toMatch(
      /values outside of --pixel-range 0,1000 become black or white \(first in .*: 37\.5 % of the values\)/,
    );
  });

  it("on means of another count ask for one per channel", async () => {
    const [first] = await problems({ ...settingsOf("4.onnx", "twelve"), mean: [0.5, 0.5, 0.5] });
    expect(first).toContain(
      '--mean 0.5,0.5,0.5: expected 4 numbers, one for each channel of image input "image", got 3',
    );
  });

  it("tell that an image is turned by 180°, as its labels are drawn", async () => {
    const settings = settingsOf("3.onnx", "half");
    const { findings } = await inspect(settings);
    expect(findings.map(({ detail }) => detail).join("\n")).toMatch(
      /images are turned as their EXIF orientation says \(first .*a\.png: turned by 180°\); --exif-orientation ignore/,
    );
    expect(await cleanAcc(settings)).toBe(1);
    expect(await cleanAcc({ ...settings, exifOrientation: "ignore" })).toBeLessThan(0.6);
  });

  it("are none where files and model fit: grey for colour, a turned image", async () => {
    expect(await problems(settingsOf("3.onnx", "lying"))).toEqual([]);
    expect(await cleanAcc(settingsOf("3.onnx", "lying"))).toBe(1);
    expect(await problems(settingsOf("1.onnx", "lying"))).toEqual([]);
  });
});
