/**
 * Labels as people have them, from file to figure: a model that is right everywhere reaches an accuracy of 1 where its
 * labels are read rightly. Where they are not, the doctor's first remedy is followed, and leads there.
 */
import { join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { palettes } from "../../src/data/pixels/palettes.js";
import { inspectInputs } from "../../src/evaluate/doctor/inspect.node.js";
import type { EvaluationInput, Finding } from "../../src/evaluate/index.js";
import { runEvaluation } from "../../src/evaluate/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { planTraining } from "../../src/train/run/plan.node.js";
import { parseTrainingConfig } from "../../src/train/settings/config.js";
import { folderWith, greyPng, rgbPng } from "../data/pixels.js";
import { colourModel } from "../helpers/models.js";

const [height, width] = [10, 12];
const pixels = height * width;

/** Colours of `count` classes, far from each other. */
const coloursOf = (count: number) =>
  Array.from({ length: count }, (_, k) => ((k * 0x3b5f29 + 0x104020) % 0x1000000) & 0xfcfcfc);

/** Classes in blocks, all of them in every image; the order differs from image to image. */
function classMap(classes: number, seed: number): number[] {
  return Array.from({ length: pixels }, (_, i) => (Math.floor(i / 4) * 7 + seed + (i >> 6)) % classes);
}

const bytesOf = (colours: readonly number[]) =>
  Uint8Array.from(colours.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));

type Encoded = Uint8Array | Promise<Uint8Array>;
interface Case {
  readonly classes: number;
  /** The label file of a map of classes. */
  readonly encode: (map: readonly number[]) => Encoded;
  readonly colours?: readonly number[];
  readonly oneChannel?: boolean;
  /** Paths of image and label of the n-th image, below the folder. */
  readonly paths?: (i: number) => readonly [image: string, label: string];
  readonly spec?: (root: string) => string;
}

const twoFolders = (root: string) => `folder:${join(root, "images")},${join(root, "labels")}`;
const sameNames = (i: number) => [`images/${i}.png`, `labels/${i}.png`] as const;

async function made({
  classes,
  encode,
  colours = coloursOf(classes),
  oneChannel,
  paths = sameNames,
  spec = twoFolders,
}: Case) {
  const files: Record<string, Uint8Array> = { "model.onnx": writeModel(colourModel(colours, oneChannel)) };
  for (const i of [0, 1, 2]) {
    const map = classMap(classes, i);
    const [image, label] = paths(i);
    files[image] = rgbPng(height, width, bytesOf(map.map((k) => colours[k]!)));
    files[label] = await encode(map);
  }
  const root = await folderWith(files);
  return { model: join(root, "model.onnx"), data: spec(root) };
}

const run = { eps: "1/255", attacks: "noise", steps: 1, parallel: 1 } as const;

async function evaluated(settings: Pick<EvaluationInput, "model" | "data"> & Partial<EvaluationInput>) {
  const notices: string[] = [];
  const result = await runEvaluation({ ...run, ...settings }, { onNotice: (text) => notices.push(text) });
  const labels = result.soundness.find(({ check }) => check === "labels")!;
  return { accuracy: result.clean.aAcc, notices: notices.join("\n"), labels, soundness: result.soundness };
}

const grey = (value: (label: number) => number) => (map: readonly number[]) =>
  greyPng(height, width, map.map(value));

/** Settings that the first remedy about labels names. */
function firstRemedy(findings: readonly Finding[]): Partial<EvaluationInput> {
  const flag =
    /--(label-map|palette|label-suffix|ignore-label|input-range|mean|bgr|classes|output) ([^\s;,)]+(?:,\d[^\s;)]*)*)/;
  for (const { status, detail } of findings) {
    if (status === "pass" || status === "skip") continue;
    const [, name, value = ""] = flag.exec(detail) ?? [];
    if (name === "label-map") return { labelMap: value };
    if (name === "palette") return { palette: value };
    if (name === "label-suffix") return { labelSuffix: value };
    if (name === "ignore-label" && /leave the flag out/.test(detail)) return { ignoreLabel: undefined };
    if (name === "ignore-label") return { ignoreLabel: value.split(",").map(Number) };
    if (name) return { output: `--${name}` };
  }
  return {};
}

describe("labels that are read rightly at once", () => {
  const identity = grey((label) => label);
  const asTiff = async (map: readonly number[]) =>
    sharp(Uint8Array.from(map), { raw: { width, height, channels: 1 } })
      .toColourspace("b-w")
      .tiff({ compression: "lzw" })
      .toBuffer();
  const asBmp = (map: readonly number[]) => {
    const header = Buffer.alloc(54 + 1024);
    header.write("BM", "latin1");
    for (const [at, value] of [
      [10, 1078],
      [14, 40],
      [18, width],
      [22, -height],
      [30, 0],
    ] as const)
      header.writeInt32LE(value, at);
    header.writeUInt16LE(8, 28);
    return Buffer.concat([header, Buffer.from(map)]);
  };
  const asRgb = (map: readonly number[]) => rgbPng(height, width, bytesOf(map.map((k) => k * 0x010101)));
  const deep = (map: readonly number[]) =>
    encode({ height, width, channels: 1, depth: 16, data: Uint16Array.from(map) });
  const cityIds = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33];

  it.each<[string, Case, RegExp | undefined]>([
    ["0/255 masks", { classes: 2, encode: grey((k) => 255 * k) }, /255 is read as class 1/],
    [
      "0/255 masks of a one-channel model",
      { classes: 2, oneChannel: true, encode: grey((k) => 255 * k) },
      /255 is read as class 1/,
    ],
    ["TIFF", { classes: 3, encode: asTiff, paths: (i) => [`images/${i}.png`, `labels/${i}.tif`] }, undefined],
    ["BMP", { classes: 3, encode: asBmp, paths: (i) => [`images/${i}.png`, `labels/${i}.bmp`] }, undefined],
    [
      "PNG in upper case",
      { classes: 3, encode: identity, paths: (i) => [`images/${i}.PNG`, `labels/${i}.PNG`] },
      undefined,
    ],
    ["R = G = B", { classes: 3, encode: asRgb }, undefined],
    ["16 bits", { classes: 3, encode: deep }, undefined],
    [
      "a known suffix",
      { classes: 3, encode: identity, paths: (i) => [`images/${i}.png`, `labels/${i}_mask.png`] },
      /--label-suffix _mask/,
    ],
    [
      "sub-folders",
      { classes: 3, encode: identity, paths: (i) => [`images/c${i}/x.png`, `labels/c${i}/x.png`] },
      undefined,
    ],
    [
      "Cityscapes as stored",
      {
        classes: 19,
        encode: grey((k) => cityIds[k]!),
        paths: (i) => [`images/ulm/ulm_${i}_leftImg8bit.png`, `labels/ulm/ulm_${i}_gtFine_labelIds.png`],
      },
      /--label-map cityscapes-ids/,
    ],
    [
      "ade20k: with 150 classes",
      {
        classes: 150,
        encode: grey((k) => k + 1),
        paths: (i) => [`images/validation/${i}.jpg`, `annotations/validation/${i}.png`],
        spec: (root) => `ade20k:${root}`,
      },
      /--label-variant reduceZeroLabel/,
    ],
    [
      "ade20k: with 151 classes",
      {
        classes: 151,
        encode: identity,
        paths: (i) => [`images/validation/${i}.jpg`, `annotations/validation/${i}.png`],
        spec: (root) => `ade20k:${root}`,
      },
      undefined,
    ],
    [
      "voc: without background",
      {
        classes: 20,
        encode: grey((k) => k + 1),
        paths: (i) => [`JPEGImages/${i}.jpg`, `SegmentationClass/${i}.png`],
        spec: (root) => `voc:${root}`,
      },
      /--label-variant withoutBackground/,
    ],
  ])("%s", async (name, wanted, notice) => {
    const settings = await made(wanted);
    if (name.startsWith("voc")) {
      const { mkdir, writeFile } = await import("node:fs/promises");
      const lists = join(settings.data.slice("voc:".length), "ImageSets", "Segmentation");
      await mkdir(lists, { recursive: true });
      await writeFile(join(lists, "val.txt"), "0\n1\n2\n");
    }
    const { accuracy, notices, labels } = await evaluated(settings);
    expect([accuracy, labels.status]).toEqual([1, "pass"]);
    if (notice) expect(notices).toMatch(notice);
    const { findings } = await inspectInputs(settings);
    expect(findings.filter(({ topic, status }) => topic === "data" && status === "fail")).toEqual([]);
  });
});

describe("the doctor's first remedy", () => {
  const shuffled = [2, 0, 3, 1, 4];
  const byVoc = (map: readonly number[]) =>
    rgbPng(
      height,
      width,
      bytesOf(map.map((k) => [...palettes.voc.classes].find(([, label]) => label === k)![0])),
    );
  it.each<[string, Case, Partial<EvaluationInput>]>([
    ["stored values one above the classes", { classes: 5, encode: grey((k) => k + 1) }, {}],
    ["150 classes stored as 1 to 150", { classes: 150, encode: grey((k) => k + 1) }, {}],
    [
      "150 classes stored as 1 to 150, of which 0 is ignored",
      { classes: 150, encode: grey((k) => (k === 149 ? 0 : k + 1)) },
      { ignoreLabel: 0 },
    ],
    [
      "stored values one below the classes",
      { classes: 5, encode: grey((k) => (k === 0 ? 255 : k - 1)) },
      { ignoreLabel: 255 },
    ],
    ["another order", { classes: 5, encode: grey((k) => shuffled[k]!) }, {}],
    ["exchanged foreground", { classes: 2, encode: grey((k) => 1 - k) }, {}],
    ["exchanged masks", { classes: 2, encode: grey((k) => 255 * (1 - k)) }, {}],
    ["another value of the foreground", { classes: 2, encode: grey((k) => 7 * k) }, {}],
    ["an ignored foreground", { classes: 2, encode: grey((k) => 255 * k) }, { ignoreLabel: 255 }],
    ["spread values", { classes: 4, encode: grey((k) => 85 * k) }, {}],
    [
      "void that is not ignored",
      { classes: 4, encode: (map) => grey((k) => k)(map.map((k, i) => (i % 9 ? k : 4))) },
      {},
    ],
    [
      "void of 255 that is not ignored",
      { classes: 4, encode: (map) => grey((k) => k)(map.map((k, i) => (i % 9 ? k : 255))) },
      {},
    ],
    ["colours of VOC", { classes: 21, encode: byVoc }, {}],
    [
      "an unknown suffix",
      { classes: 3, encode: grey((k) => k), paths: (i) => [`images/${i}.png`, `labels/${i}-truth.png`] },
      {},
    ],
  ])("for %s leads to an accuracy of 1", async (_, wanted, wrong) => {
    const settings = await made(wanted);
    const { findings } = await inspectInputs({ ...settings, ...wrong });
    const remedy = firstRemedy(findings);
    expect(Object.keys(remedy)).toHaveLength(1);
    const { accuracy, labels } = await evaluated({ ...settings, ...wrong, ...remedy });
    expect([accuracy, labels.status, remedy]).toEqual([1, "pass", remedy]);
  });
});

describe("the check labels", () => {
  it("warns where most pixels are ignored and the model predicts a class without labels", async () => {
    const settings = await made({
      classes: 2,
      encode: (map) => grey((k) => 255 * k)(map.map((k, i) => (i % 12 ? k : 0))),
    });
    const { labels, notices } = await evaluated({ ...settings, ignoreLabel: 255 });
    expect(notices).toContain("WARNING: --ignore-label 255 leaves out the foreground");
    expect(labels.status).toBe("warn");
    expect(labels.detail).toMatch(
      /no pixel has the label of class 1 \(\d+\.\d %\), which the model predicts often/,
    );
    const most = await made({
      classes: 3,
      encode: (map) => grey((k) => k)(map.map((k, i) => (i % 3 ? 9 : k))),
    });
    expect((await evaluated({ ...most, ignoreLabel: 9 })).labels).toMatchObject({
      status: "warn",
      detail: expect.stringMatching(/^66\.7 % of the pixels are ignored/),
    });
  });

  it.each<[string, (label: number) => number, Partial<EvaluationInput>]>([
    ["minus 1", (k) => (k === 4 ? 255 : k + 1), { ignoreLabel: 255 }],
    ["plus 1", (k) => (k === 0 ? 255 : k - 1), { ignoreLabel: 255 }],
    ["in another order", (k) => [2, 0, 3, 1, 4][k]!, {}],
  ])("names labels %s, and its remedy is right", async (words, stored, wrong) => {
    const settings = await made({ classes: 5, encode: grey(stored) });
    const { labels } = await evaluated({ ...settings, ...wrong });
    expect(labels.status).toBe("warn");
    expect(labels.detail).toMatch(
      new RegExp(`^labels ${words}.* fit the clean prediction far better: aAcc 1.0000`),
    );
    const [, labelMap] = /--label-map ([^\s)]+)/.exec(labels.detail) ?? [];
    const mended = await evaluated({ ...settings, ...wrong, labelMap });
    expect([mended.accuracy, mended.labels.status]).toEqual([1, "pass"]);
  });

  it("gives no flag where a map is in use already", async () => {
    const settings = await made({ classes: 5, encode: grey((k) => k) });
    const { labels } = await evaluated({ ...settings, labelMap: "reduce-zero" });
    expect(labels).toMatchObject({ status: "warn", detail: expect.not.stringContaining("--label-map") });
  });

  it("is silent on a model that predicts one class alone", async () => {
    const settings = await made({
      classes: 3,
      encode: grey((k) => k),
      colours: [0x808080, 0xfe00fe, 0x00fe00],
    });
    const flat = await made({ classes: 3, encode: grey((k) => (k === 0 ? 0 : 1)) });
    const { labels } = await evaluated({ model: settings.model, data: flat.data });
    expect(labels.detail).not.toContain("fit the clean prediction far better");
  });
});

describe("a void first image", () => {
  const voidFirst = (map: readonly number[]) => grey((k) => k)(map);
  it("is not the one that checks are made on, and it is said", async () => {
    let i = 0;
    const settings = await made({
      classes: 3,
      encode: (map) => voidFirst(i++ === 0 ? map.map(() => 255) : map),
    });
    const { accuracy, notices, soundness } = await evaluated({ ...settings, ignoreLabel: 255 });
    expect(accuracy).toBe(1);
    expect(notices).toContain('the checks use image "1": no image before it has a labelled pixel');
    expect(soundness.find(({ check }) => check === "gradient")!.status).toBe("pass");
    const { findings } = await inspectInputs({ ...settings, ignoreLabel: 255 });
    expect(findings.find(({ name }) => name === "gradient")!.status).toBe("pass");
  });

  it("after which all are void is refused", async () => {
    const settings = await made({ classes: 3, encode: (map) => voidFirst(map.map(() => 255)) });
    await expect(evaluated({ ...settings, ignoreLabel: 255 })).rejects.toThrow(
      /no pixel of any of the 3 images \(the first is [^)]+\) counts: all have a label that is ignored \(255\); check --ignore-label and --label-map/,
    );
    const { findings } = await inspectInputs({ ...settings, ignoreLabel: 255 });
    expect(findings).toContainEqual(expect.objectContaining({ name: "ignored", status: "fail" }));
  });
});

describe("label settings decide a run", () => {
  it("so that one with another map is refused, and one with the same map in words is resumed", async () => {
    const settings = await made({ classes: 2, encode: grey((k) => 255 * k) });
    const out = join(await folderWith({ "runs/.keep": "" }), "runs", "first");
    expect((await evaluated({ ...settings, out })).accuracy).toBe(1);
    const again = { ...settings, out, resume: true };
    await expect(evaluated({ ...again, labelMap: "255:0" })).rejects.toThrow(
      'data.settings.labelMap: "255:1" stored, "255:0" now',
    );
    expect((await evaluated({ ...again, labelMap: "255:1" })).accuracy).toBe(1);
  });

  it("and a training, which reads the same flags", async () => {
    const { data } = await made({ classes: 2, encode: grey((k) => 255 * k) });
    const architecture = "upernet-convnext-micro-cvst";
    const common = { architecture, data, classes: 2, crop: [32, 32], batchSize: 2, holdOut: 0, out: "none" };
    const plan = await planTraining(parseTrainingConfig(common));
    expect(plan.notices).toContainEqual(
      expect.stringContaining("255 is read as class 1 (--label-map 255:1)"),
    );
    expect([...new Set(await plan.training.readLabels(0))].sort()).toEqual([0, 1]);
    const other = await planTraining(parseTrainingConfig({ ...common, labelMap: "255:1,0:ignore" }));
    expect([...new Set(await other.training.readLabels(0))].sort()).toEqual([-1, 1]);
  });
});
