/** Plans: what does not fit between model, data and settings is refused before anything is attacked. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { describePlan } from "../../src/evaluate/describe.node.js";
import { type EvaluationInput, parseConfig } from "../../src/evaluate/index.js";
import { makePlan } from "../../src/evaluate/plan/plan.node.js";
import { compareDescriptions } from "../../src/journal/index.js";
import { writeModel } from "../../src/onnx/index.js";
import { folderWith, rgbPng } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";

const [height, width] = [12, 16];
let root: string;

beforeAll(async () => {
  const pixels = Uint8Array.from({ length: 3 * height * width }, (_, i) => (i * 37) % 256);
  root = await folderWith({
    "open.onnx": writeModel(tinyModel()),
    "fixed.onnx": writeModel(tinyModel({ height: 8, width: 10 })),
    "fixed-height.onnx": writeModel(tinyModel({ height: 8 })),
    "fixed-width.onnx": writeModel(tinyModel({ width: 10 })),
    "classes.txt": "sky\nroad\ncar\n",
    "images/a.png": rgbPng(height, width, pixels),
    "images/b.png": rgbPng(height, width, pixels.toReversed()),
  });
});

function settings(change: Partial<EvaluationInput> = {}, model = "open.onnx"): EvaluationInput {
  const data = `folder:${join(root, "images")}`;
  return {
    model: join(root, model),
    data,
    labels: "self",
    eps: "1/255,4/255",
    attacks: "noise,apgd:ce",
    parallel: 1,
    ...change,
  };
}

const plan = (change: Partial<EvaluationInput> = {}, model?: string) =>
  makePlan(parseConfig(settings(change, model)));

async function refusal(change: Partial<EvaluationInput>, model?: string): Promise<string> {
  const error = await plan(change, model).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SeawallError);
  return `${(error as SeawallError).code}: ${(error as SeawallError).message}`;
}

describe("refused before the run", () => {
  it("a crop other than the model's fixed size", async () => {
    expect(await refusal({ crop: [8, 8] }, "fixed.onnx")).toMatch(
      /^config: --crop 8x8: the model's input "image" is fixed at 8×10 \(height×width\); leave --crop out/,
    );
  });

  it("a layout that the channels contradict", async () => {
    expect(await refusal({ layout: "nhwc" }, "fixed.onnx")).toContain("has 10 channels in layout nhwc");
    expect(await refusal({ layout: "nhwc" })).toContain("has an open number of channels in layout nhwc");
  });

  it("a crop other than the one side that the model fixes", async () => {
    expect(await refusal({ crop: [6, 8] }, "fixed-height.onnx")).toContain(
      "is fixed at 8×any (height×width);",
    );
  });

  it("another number of classes than the model has", async () => {
    expect(await refusal({ classes: join(root, "classes.txt") })).toMatch(/^model: .*with 3 classes/);
  });

  it("class-balanced-ce where no training labels can be counted", async () => {
    const message = await refusal({ attacks: "apgd:class-balanced-ce" });
    expect(message).toMatch(/^(config|data): class-balanced-ce .*needs class weights/);
    expect(message).toContain("--class-weights");
  });

  it("attacks and gates that do not exist, with their flag, wherever they were given", async () => {
    expect(await refusal({ attacks: "apgd:ce,mine:fgsm" })).toMatch(
      /^config: --attacks: unknown attack "mine:fgsm"/,
    );
    expect(await refusal({ gate: ["mean.mIoU@1/255>=0.1"] })).toMatch(
      /^config: --gate: gate "mean\.mIoU@1\/255>=0\.1": unknown subject "mean"/,
    );
  });

  it.each<[string, Partial<EvaluationInput>]>([
    ["a model that is not there", { model: "nowhere.onnx" }],
    ["data that is not there", { data: "folder:nowhere" }],
    ["an output that is not there", { output: "nothing" }],
    ["an unknown attack of a plugin", { attacks: "mine:special" }],
  ])("%s, by its name", async (_, change) => {
    const [value] = Object.values(change) as [string];
    expect(await refusal(change)).toContain(value.replace("folder:", ""));
  });
});

describe("a sliding window", () => {
  const sliding = { window: [8, 10], stride: [4, 5] } as const satisfies Partial<EvaluationInput>;
  const model = async (change: Partial<EvaluationInput>, file?: string) =>
    describePlan(await plan(change, file), []).model;

  it("leaves images in their size, also for a model that fixes its own", async () => {
    const { probe, notices, model } = await plan({ window: [8, 10] }, "fixed.onnx");
    expect([probe.height, probe.width]).toEqual([height, width]);
    expect(notices.join()).toContain(
      "windows of 10×8 pixels, one every 6×5: 4 over an image of 16×12 (width×height), averaged where they overlap",
    );
    const [opened, other] = [await model.at({ height, width }), await model.at({ height: 20, width: 30 })];
    expect(other.prepared).toBe(opened.prepared);
  });

  it("is stated with its stride, given or not", async () => {
    expect(await model({ window: [8, 10] })).toMatchObject({ window: [8, 10], stride: [5, 6] });
    expect(await model(sliding)).toMatchObject(sliding);
    expect(await model({})).not.toHaveProperty("window");
  });

  it("makes another run when it changes, and none when its default stride is written out", async () => {
    const described = async (change: Partial<EvaluationInput>) => describePlan(await plan(change), []);
    const deciding = async (a: Partial<EvaluationInput>, b: Partial<EvaluationInput>) =>
      compareDescriptions(await described(a), await described(b)).deciding;
    expect(await deciding({ window: [8, 10] }, { window: [8, 10], stride: [5, 6] })).toEqual([]);
    expect(await deciding(sliding, { ...sliding, stride: [5, 5] })).toEqual([
      "model.stride.0: 4 stored, 5 now",
    ]);
    expect((await deciding({}, sliding)).join()).toContain("model.window");
  });

  it.each<readonly [Partial<EvaluationInput>, string, string]>([
    [{ stride: [4, 5] }, "open.onnx", "--stride 4x5: there is no window to move; add --window HxW"],
    [{ window: [8, 8], stride: [4, 9] }, "open.onnx", "--stride 4x9: larger than the window, 8x8"],
    [
      { window: [8, 8] },
      "fixed.onnx",
      "--window 8x8: the model's input is fixed at 8x10; give --window 8x10",
    ],
    [
      { window: [8, 10], crop: [6, 12] },
      "fixed.onnx",
      "an image of 12×6 pixels (width×height) is smaller than the model's input, which is fixed at 10×8",
    ],
  ])("refuses %j for %s", async (change, file, sentence) => {
    expect(await refusal(change, file)).toContain(`config: ${sentence}`);
  });
});

describe("a plan", () => {
  it("resizes to a fixed size with a notice, and crops to it without one", async () => {
    const resized = await plan({}, "fixed.onnx");
    expect([resized.probe.height, resized.probe.width]).toEqual([8, 10]);
    expect(resized.notices.join()).toContain("images of another size are resized to the model's 8×10");
    const cropped = await plan({ crop: [8, 10] }, "fixed.onnx");
    expect([cropped.probe.height, cropped.probe.width]).toEqual([8, 10]);
    expect(cropped.notices.join()).not.toContain("resized to the model's");
  });

  it("takes the first image of all shards as its probe, whatever the shard", async () => {
    const second = await plan({ shard: { index: 1, count: 2 } });
    expect(second.probe.id).toBe((await plan()).probe.id);
    expect([second.data.length, second.data.total]).toEqual([1, 2]);
  });

  it("opens the model once for each size", async () => {
    const { model } = await plan();
    const at = async (height: number, width: number) => (await model.at({ height, width })).prepared;
    expect(await at(height, width)).toBe(await at(height, width));
    expect(await at(6, 8)).not.toBe(await at(height, width));
  });

  it("is described by what decides its figures", async () => {
    const made = await plan({ steps: 7, seed: 3, radiusSchedule: "constant" });
    const { protocol, model, data, shard } = describePlan(made, []);
    expect(protocol).toEqual({
      attacks: "noise,apgd:ce",
      members: [
        { name: "noise", steps: 10, radiusSchedule: "constant" },
        { name: "apgd:ce", steps: 7, radiusSchedule: "constant" },
      ],
      eps: ["1/255", "4/255"],
      accounting: "strict",
      seed: 3,
    });
    expect(model).toMatchObject({ file: "open.onnx", classes: 4, sha256: made.modelSha256 });
    expect(data).toMatchObject({ images: 2, settings: { labels: "self" } });
    expect(shard).toBeUndefined();
  });

  it("has one hash for settings that decide nothing, and another for each that does", async () => {
    const hash = async (change: Partial<EvaluationInput>) =>
      describePlan(await plan(change), []).configSha256;
    const own = await hash({});
    expect(await hash({ out: "elsewhere", trace: 2, threads: 1, report: false })).toBe(own);
    const others = [
      await hash({ bgr: true }),
      await hash({ inputRange: [0, 255] }),
      await hash({ limit: 1 }),
    ];
    expect(new Set([own, ...others]).size).toBe(4);
  });
});

it.each([
  ["fixed-height.onnx", "8×any", { height: 8, width }],
  ["fixed-width.onnx", "any×10", { height, width: 10 }],
])("the images of %s are resized on its fixed side alone", async (model, said, size) => {
  const { probe, notices } = await plan({}, model);
  expect({ height: probe.height, width: probe.width }).toEqual(size);
  expect(notices).toContain(
    `images of another size are resized to the model's ${said} (height×width), labels by nearest neighbour`,
  );
});
