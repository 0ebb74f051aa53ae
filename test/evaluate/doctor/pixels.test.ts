/** Models that want other pixels than they are given: the doctor names the right flags, and following it makes them right. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { float32, randomStream } from "../../../src/base/index.js";
import { readSettings } from "../../../src/cli/settings/settings.js";
import { inspectInputs } from "../../../src/evaluate/doctor/inspect.node.js";
import { evaluationSchema } from "../../../src/evaluate/index.js";
import { runEvaluation } from "../../../src/evaluate/index.node.js";
import { emptyGraph, type Graph, GraphBuilder, type Value, writeModel } from "../../../src/onnx/index.js";
import { folderWith, greyPng, rgbPng } from "../../data/pixels.js";

const [height, width] = [8, 10];
const area = height * width;
const classes = 4;

/** What a model takes: values of black and white, statistics that were subtracted and divided by, the place of red. */
interface Wanted {
  readonly range?: readonly [number, number];
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly red?: 0 | 2;
  /** The graph normalises the pixels that it takes, as exported models do that need no flag. */
  readonly inside?: boolean;
  readonly layout?: "nchw" | "nhwc";
  readonly type?: "float32" | "uint8";
}

const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const onBytes = { range: [0, 255], mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] } as const;
const caffe = { range: [0, 255], mean: [110, 120, 130], std: [60, 60, 60] } as const;

/** Predicts which quarter of the range from black to white the red of a pixel lies in, from the pixels that it wants. */
function quarters(wanted: Wanted): Graph {
  const { range: [black, white] = [0, 1], red = 0, inside, layout = "nchw", type = "float32" } = wanted;
  const mean = wanted.mean?.[0] ?? 0;
  const std = wanted.std?.[0] ?? 1;
  const b = new GraphBuilder(emptyGraph("quarters", 18));
  const shape = layout === "nchw" ? [1, 3, height, width] : [1, height, width, 3];
  const image = b.input("image", type, shape);
  const floats = type === "uint8" ? b.cast(image, "float32") : image;
  const planes = layout === "nchw" ? floats : b.transpose(floats, [0, 3, 1, 2]);
  const taken = inside ? b.div(b.sub(planes, mean), std) : planes;
  const value: Value = b.slice(taken, [1], [red], [red + 1]);
  const share = b.div(b.sub(b.add(b.mul(value, std), mean), black), white - black);
  const centres = Array.from({ length: classes }, (_, k) => (k + 0.5) / classes);
  const kernel = b.constant(
    float32(
      [classes, 1, 1, 1],
      centres.map((centre) => 40 * centre),
    ),
  );
  const bias = b.constant(
    float32(
      [classes],
      centres.map((centre) => -20 * centre ** 2),
    ),
  );
  b.output(b.op("Conv", [share, kernel, bias]), "logits");
  return b.graph;
}

let images: Record<string, Uint8Array>;
beforeAll(() => {
  images = {};
  for (let i = 0; i < 3; i++) {
    const drawn = randomStream("pixels", i).uniform(3 * area, 0, 256);
    // No red near a border between two quarters, where rounding decides.
    const colours = Uint8Array.from(drawn, (value) => Math.floor(value / 64) * 64 + 12 + (value % 64) * 0.6);
    images[`images/${i}.png`] = rgbPng(height, width, colours);
    const labels = Array.from({ length: area }, (_, pixel) => Math.floor(colours[3 * pixel]! / 64));
    images[`labels/${i}.png`] = greyPng(height, width, labels);
  }
});

type Flags = Readonly<Record<string, string | true>>;

/** The flags in printed words; a switch has no value. */
function flagsIn(words: string): [string, string | true][] {
  return [...words.matchAll(/--([a-z-]+)(?: (-?\d[\d.,-]*))?/g)].map(([, name, value]) => [
    name!,
    value ?? true,
  ]);
}

/** The flags after `but 1.0000 with … and without …` has been followed. */
function followed(detail: string, given: Flags): Flags {
  const [, added = "", dropped = ""] =
    /but 1\.0000(?: with ((?:(?! and without).)*?))?(?:(?: and)? without (.*?))?[:;] /.exec(detail)!;
  const left = Object.entries(given).filter(([name]) => !flagsIn(dropped).some(([flag]) => flag === name));
  return Object.fromEntries([...left, ...flagsIn(added)]);
}

/** Flags as the command line reads them. */
function settingsOf(folder: string, flags: Flags) {
  const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const given = Object.entries(flags).map(([name, value]) => [camel(name), value]);
  const data = `folder:${join(folder, "images")},${join(folder, "labels")}`;
  return readSettings(evaluationSchema.partial(), {
    ...{ model: join(folder, "model.onnx"), data },
    ...Object.fromEntries(given),
  });
}

/** What is wrong with model and data, in the order of printing. */
async function problems(settings: object): Promise<string[]> {
  const { findings } = await inspectInputs(settings);
  return findings.filter(({ status }) => /warn|fail/.test(status)).map(({ detail }) => detail);
}

async function cleanAcc(settings: object): Promise<number> {
  const run = { eps: "1/255", attacks: "noise", parallel: 1, classes, ...settings };
  return (await runEvaluation(run as Parameters<typeof runEvaluation>[0])).clean.aAcc;
}

const imageNetFlags = { mean: "0.485,0.456,0.406", std: "0.229,0.224,0.225" };
const bytesFlags = { mean: "123.675,116.28,103.53", std: "58.395,57.12,57.375" };
const normalises =
  ": leave --mean and --std out; the model normalises its pixels itself, or takes them as they are";
const asks = "; is that what the model wants?";

describe("the doctor's advice on pixels leads to a correct run", () => {
  it.each<[string, Wanted, Flags, string]>([
    ["[0, 255] for [0, 1]", { range: [0, 255] }, {}, `with --input-range 0,255${asks}`],
    [
      "[-1, 1] for [0, 255]",
      { range: [-1, 1] },
      { "input-range": "0,255" },
      `with --input-range -1,1${asks}`,
    ],
    ["[0, 1] for [0, 255]", {}, { "input-range": "0,255" }, `without --input-range 0,255${asks}`],
    ["no mean and std", imageNet, {}, `with --mean ${imageNetFlags.mean} --std ${imageNetFlags.std}${asks}`],
    [
      "no mean and std of bytes",
      onBytes,
      {},
      `with --mean ${imageNetFlags.mean} --std ${imageNetFlags.std}${asks}`,
    ],
    ["mean and std of bytes on [0, 1]", onBytes, bytesFlags, `with --input-range 0,255${asks}`],
    [
      "mean and std twice",
      { ...imageNet, inside: true },
      imageNetFlags,
      `without --mean ${imageNetFlags.mean} --std ${imageNetFlags.std}${normalises}`,
    ],
    [
      "mean and std of bytes twice",
      { ...onBytes, inside: true },
      { "input-range": "0,255", ...bytesFlags },
      `without --mean ${bytesFlags.mean} --std ${bytesFlags.std}${normalises}`,
    ],
    [
      "mean and std twice, on another range",
      { ...onBytes, inside: true },
      imageNetFlags,
      `with --input-range 0,255 and without --mean ${imageNetFlags.mean} --std ${imageNetFlags.std}${normalises}`,
    ],
    ["RGB for BGR", { red: 2 }, {}, `with --bgr${asks}`],
    ["BGR for RGB", {}, { bgr: true }, `without --bgr${asks}`],
    [
      "[0, 1] and RGB for [0, 255] and BGR",
      { red: 2, range: [0, 255] },
      {},
      `with --input-range 0,255 --bgr${asks}`,
    ],
    [
      "RGB, and no mean and std, for BGR",
      { red: 2, ...imageNet },
      {},
      `with --mean ${imageNetFlags.mean} --std ${imageNetFlags.std} --bgr${asks}`,
    ],
    ["normalised RGB for BGR", { red: 2, ...imageNet }, imageNetFlags, `with --bgr${asks}`],
    [
      "RGB for BGR with statistics of its own",
      { red: 2, ...caffe },
      { "input-range": "0,255", mean: "110,120,130", std: "60,60,60" },
      `with --bgr${asks}`,
    ],
    [
      "RGB, and mean and std twice, for BGR",
      { red: 2, ...imageNet, inside: true },
      imageNetFlags,
      `with --bgr and without --mean ${imageNetFlags.mean} --std ${imageNetFlags.std}${normalises}`,
    ],
    [
      "BGR on [0, 255], N×H×W×C, for mean and std",
      { range: [0, 255], layout: "nhwc" },
      { bgr: true, ...imageNetFlags },
      `with --input-range 0,255 and without --mean ${imageNetFlags.mean} --std ${imageNetFlags.std} --bgr${normalises}`,
    ],
    [
      "[0, 1] for bytes",
      { range: [0, 255], type: "uint8" },
      { "input-range": "0,1" },
      `without --input-range 0,1${asks}`,
    ],
  ])("%s", async (_, wanted, flags, advice) => {
    const folder = await folderWith({ ...images, "model.onnx": writeModel(quarters(wanted)) });
    const settings = await settingsOf(folder, flags);
    const [first] = await problems(settings);
    const [, before] = /^clean mIoU (0\.\d+) on 3 images, /.exec(first!)!;
    expect(Number(before)).toBeLessThan(0.7);
    expect(first).toBe(`clean mIoU ${before} on 3 images, but 1.0000 ${advice}`);

    const mended = await settingsOf(folder, followed(first!, flags));
    expect(await problems(mended)).toEqual([]);
    expect(await cleanAcc(mended)).toBe(1);
  });
});
