/** Schedules, groups, recipes and event files: what has an answer on paper. */
import { describe, expect, it } from "vitest";
import { float32 } from "../../src/base/index.js";
import { architectures, buildArchitecture } from "../../src/nn/index.js";
import { parseTrainingConfig, recipes, scheduleFactor } from "../../src/train/index.js";
import { restartRecord, scalarRecord, versionRecord } from "../../src/train/run/events.js";
import { groupParameters } from "../../src/train/state/groups.js";
import { layOut, pack, viewsOf } from "../../src/train/state/layout.js";

describe("the learning rate", () => {
  const schedule = { steps: 110, warmupSteps: 10, power: 1 };

  it.each([
    [0, 1e-5],
    [5, 1e-5 + (1 - 1e-5) / 2],
    [10, 1],
    [60, 0.5],
    [110, 0],
  ])("at step %i has the factor %f", (t, factor) => {
    expect(scheduleFactor(t, schedule)).toBeCloseTo(factor, 12);
  });

  it("falls by a power, to a floor", () => {
    expect(scheduleFactor(60, { ...schedule, power: 0.9 })).toBeCloseTo(0.5 ** 0.9, 12);
    expect(scheduleFactor(110, { ...schedule, floor: 0.01 })).toBeCloseTo(0.01, 12);
    expect(scheduleFactor(109, { ...schedule, power: 0 })).toBe(1);
  });
});

describe("groups", () => {
  const { parameters } = buildArchitecture("segmenter-vit-ti", { classes: 5, size: [32, 32] });
  const learned = parameters.filter(({ kind }) => kind !== "statistic" && kind !== "counter");

  it("decay weights alone: no bias, no norm, none of the embeddings that timm lists", () => {
    const [decaying, other] = [true, false].map((decays) =>
      groupParameters(learned)
        .filter((group) => group.decays === decays)
        .flatMap((group) => group.parameters.map(({ name }) => name)),
    );
    expect(decaying).toContain("encoder.blocks.0.attn.qkv.weight");
    for (const name of ["encoder.pos_embed", "encoder.cls_token", "decoder.cls_emb"]) {
      expect(other).toContain(name);
    }
    expect(decaying!.filter((name) => /bias|norm/.test(name))).toEqual([]);
    expect(decaying!.length + other!.length).toBe(learned.length);
  });

  it("take the factor of the longest name that fits", () => {
    const groups = groupParameters(learned, { encoder: 0.1, "encoder.blocks.0.": 0.5 });
    const factorOf = (name: string) =>
      groups.find((group) => group.parameters.some((spec) => spec.name === name))!.multiplier;
    expect(factorOf("encoder.blocks.0.attn.qkv.weight")).toBe(0.5);
    expect(factorOf("encoder.blocks.10.attn.qkv.weight")).toBe(0.1);
    expect(factorOf("decoder.cls_emb")).toBe(1);
  });
});

it("vectors hold tensors that share their memory", () => {
  const layout = layOut([
    { name: "a", shape: [2] },
    { name: "b", shape: [] },
  ]);
  const vector = pack(
    layout,
    new Map([
      ["a", float32([2], [1, 2])],
      ["b", float32([], [3])],
    ]),
  );
  expect([...vector]).toEqual([1, 2, 3]);
  (viewsOf(layout, vector, "x/")["x/b"]!.data as Float32Array)[0] = 5;
  expect(vector[2]).toBe(5);
});

describe.each(Object.entries(recipes))("recipe %s", (name, { settings, published, robustInit }) => {
  it("is a configuration that says what its name does", () => {
    const config = parseTrainingConfig({ recipe: name, data: "voc:ROOT", out: "out" });
    expect(config).toMatchObject(settings);
    expect(name).toContain(`at${config.attackSteps}-`);
    expect(name.startsWith("pir-")).toBe(robustInit);
    expect(name.includes("-voc-")).toBe(config.split === "train_aug");
    expect(Object.hasOwn(architectures, config.architecture)).toBe(true);
    expect(config.batchSize * config.accumulate).toBe(128);
  });

  it("has figures that fall with the radius", () => {
    const accuracies = (["4/255", "8/255", "12/255"] as const).map((radius) => published[radius][0]!);
    expect(accuracies).toEqual([...accuracies].sort((a, b) => b - a));
    expect(published.clean[1]).toBeGreaterThan(published["4/255"][1]);
  });
});

it("settings of one's own go over the recipe's", () => {
  const config = parseTrainingConfig({
    ...{ recipe: "pir-at5-voc-upernet-convnext-t", data: "voc:ROOT", out: "out" },
    ...{ epochs: 3 },
  });
  expect([config.epochs, config.attackSteps]).toEqual([3, 5]);
});

describe("event files", () => {
  /** Bit by bit, as the polynomial says. */
  function crc32c(bytes: Uint8Array): number {
    let sum = 0xffffffff;
    for (const byte of bytes) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
    }
    return (sum ^ 0xffffffff) >>> 0;
  }
  const masked = (bytes: Uint8Array) => {
    const sum = crc32c(bytes);
    return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
  };

  it.each([
    ["version", versionRecord(12.5)],
    ["restart", restartRecord(12.5, 7)],
    ["scalars", scalarRecord(12.5, 7, { "training/loss": 0.5 })],
  ])("frame a %s with its length and its sums", (_, record) => {
    const view = new DataView(record.buffer);
    const length = Number(view.getBigUint64(0, true));
    expect(record.length).toBe(length + 16);
    expect(view.getUint32(8, true)).toBe(masked(record.subarray(0, 8)));
    expect(view.getUint32(12 + length, true)).toBe(masked(record.subarray(12, 12 + length)));
  });

  it("hold a scalar as TensorFlow's own writer does", () => {
    // tf.Event(wall_time=12.5, step=7, summary=Summary(value=[Value(tag="a", simple_value=0.5)]))
    const expected = "09" + "0000000000002940" + "1007" + "2a0a" + "0a08" + "0a0161" + "15" + "0000003f";
    const record = scalarRecord(12.5, 7, { a: 0.5 });
    expect(Buffer.from(record.subarray(12, -4)).toString("hex")).toBe(expected);
  });
});
