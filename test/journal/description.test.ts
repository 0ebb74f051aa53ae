import { describe, expect, it } from "vitest";
import { compareDescriptions, configHash, describeRun, inShard } from "../../src/journal/index.js";
import { describeWith, facts } from "./runs.js";

describe("describeRun", () => {
  it("keeps what it is told, without undefined entries, and adds version and hash", () => {
    const run = describeWith();
    expect(run.schemaVersion).toBe(1);
    expect(run.config).toEqual({ attacks: "sea-2024", parallel: 2, crop: "6x6", out: "runs/first" });
    expect(run.configSha256).toBe(configHash({ crop: "6x6" }));
    expect(run).not.toHaveProperty("shard");
    expect(JSON.parse(JSON.stringify(run))).toEqual(run);
  });

  it("stands in one order of keys, whatever the order it is told in", () => {
    const { protocol } = facts;
    const turned = Object.fromEntries(Object.entries(protocol).reverse()) as typeof protocol;
    expect(JSON.stringify(describeWith({ protocol: turned }))).toBe(JSON.stringify(describeWith()));
  });

  it.each([
    [{ protocol: { eps: ["4/255", "4/255"] } }, "protocol.eps: a radius is listed twice"],
    [{ protocol: { eps: ["4"] } }, "protocol.eps.0: expected a radius"],
    [{ protocol: { members: ["clean"] } }, "no attack may be called clean"],
    [{ protocol: { members: ["apgd:ce", "apgd:ce"] } }, "an attack is listed twice"],
    [{ protocol: { steps: 0.5 } }, "protocol.steps"],
    [{ model: { sha256: "abc" } }, "model.sha256: expected a SHA-256"],
    [{ data: { settings: { labels: "none" } } }, "data.settings.labels"],
    [{ shard: { index: 3, count: 3 } }, "index must be below"],
  ])("refuses %j", (change, message) => {
    expect(() => describeWith(change)).toThrow(message);
    expect(() => describeWith(change)).toThrow(expect.objectContaining({ code: "config" }));
  });
});

describe("compareDescriptions", () => {
  const stored = describeWith();

  it("finds nothing between equals", () => {
    expect(compareDescriptions(stored, describeWith())).toEqual({ deciding: [], harmless: [] });
  });

  it("knows that older runs wrote batchSize for parallel", () => {
    const { parallel, ...engine } = facts.engine as { parallel: number };
    const { parallel: _, ...config } = facts.config as { parallel: number };
    const old = describeRun({
      ...facts,
      engine: { ...engine, batchSize: parallel },
      config: { ...config, batchSize: parallel },
    });
    expect(old.configSha256).toBe(stored.configSha256);
    expect(compareDescriptions(old, stored)).toEqual({ deciding: [], harmless: [] });
    expect(compareDescriptions(old, describeWith({ engine: { parallel: 8 } })).harmless).toEqual([
      "engine.parallel: 2 stored, 8 now",
    ]);
  });

  it.each([
    [{ protocol: { steps: 100 } }, "protocol.steps: 300 stored, 100 now"],
    [{ protocol: { eps: ["4/255"] } }, 'protocol.eps.1: "0.03" stored, nothing now'],
    [{ protocol: { seed: 1 } }, "protocol.seed: 0 stored, 1 now"],
    [{ model: { classes: 5 } }, "model.classes: 4 stored, 5 now"],
    [{ data: { images: 6 } }, "data.images: 5 stored, 6 now"],
    [{ data: { settings: { labels: "self" } } }, 'data.settings.labels: "truth" stored, "self" now'],
    [{ config: { crop: "8x8" } }, 'config.crop: "6x6" stored, "8x8" now'],
    [{ config: { bgr: true } }, "config.bgr: nothing stored, true now"],
    [{ shard: { index: 1, count: 2 } }, 'shard: "none" stored, "2/2" now'],
  ])("takes %j for another run", (change, difference) => {
    expect(compareDescriptions(stored, describeWith(change))).toEqual({
      deciding: [difference],
      harmless: [],
    });
  });

  it.each([
    [{ engine: { parallel: 8 } }, "engine.parallel: 2 stored, 8 now"],
    [{ config: { parallel: 8 } }, "config.parallel: 2 stored, 8 now"],
    [{ versions: { node: "22.0.0" } }, 'versions.node: "20.0.0" stored, "22.0.0" now'],
    [{ model: { file: "moved.onnx" } }, 'model.file: "model.onnx" stored, "moved.onnx" now'],
  ])("takes %j for the same run, done otherwise", (change, difference) => {
    expect(compareDescriptions(stored, describeWith(change))).toEqual({
      deciding: [],
      harmless: [difference],
    });
  });

  it("does not mind where it writes or how it was called", () => {
    const change = {
      config: { out: "elsewhere", resume: true, json: true, gate: "worst.mIoU>=0.5", classes: "moved.txt" },
    };
    expect(compareDescriptions(stored, describeWith(change))).toEqual({ deciding: [], harmless: [] });
  });
});

it("shards take every image once", () => {
  const owners = Array.from({ length: 7 }, (_, i) =>
    [0, 1, 2].filter((index) => inShard(i, { index, count: 3 })),
  );
  expect(owners).toEqual([[0], [1], [2], [0], [1], [2], [0]]);
  expect(inShard(4, undefined)).toBe(true);
});
