/** Mistakes in the settings of an evaluation: each is refused under its own name, and all of them at once. */
import { describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { parseConfig, renameSettings } from "../../src/evaluate/index.js";

const required = { model: "m.onnx", data: "folder:a,b", eps: "4/255" };

/** The mistakes of a configuration, one entry for each line of the message; empty if it is accepted. */
function mistakes(settings: unknown): string[] {
  try {
    parseConfig(settings);
    return [];
  } catch (error) {
    if (!(error instanceof SeawallError)) throw error;
    expect(error.code).toBe("config");
    return error.message.split("\n");
  }
}

const names = (settings: unknown) =>
  mistakes(settings).map((line) => line.slice(0, line.indexOf(":")).trim());

describe("a setting is refused by its name", () => {
  it.each<[string, unknown, string]>([
    ["model", "", "model"],
    ["model", 3, "model"],
    ["output", "", "output"],
    ["layout", "chwn", "layout"],
    ["inputRange", [0], "inputRange"],
    ["inputRange", [0, "1"], "inputRange.1"],
    ["mean", [], "mean"],
    ["mean", [0, 0, Number.NaN], "mean.2"],
    ["pixelRange", [1, 1], "pixelRange"],
    ["bands", [0], "bands.0"],
    ["exifOrientation", "yes", "exifOrientation"],
    ["inputRange", [1, 1], "inputRange"],
    ["inputRange", [1, 1 + 1e-12], "inputRange"],
    ["inputRange", [0, 1e39], "inputRange"],
    ["mean", [1e39, 0, 0], "mean"],
    ["std", [0, 0, 0], "std"],
    ["std", [1, -1, 1], "std"],
    ["std", [1, 1, 1e-60], "std"],
    ["eps", "8/255,8/255", "eps"],
    ["eps", "4/255, 8/510", "eps"],
    ["eps", "0.5,1/2", "eps"],
    ["std", "1,1,1", "std"],
    ["bgr", "yes", "bgr"],
    ["labels", "none", "labels"],
    ["split", "", "split"],
    ["limit", 0, "limit"],
    ["limit", 1.5, "limit"],
    ["offset", -1, "offset"],
    ["resizeShort", 0, "resizeShort"],
    ["crop", [512], "crop"],
    ["crop", [512, 0], "crop.1"],
    ["crop", [-1, 512], "crop.0"],
    ["classWeights", "", "classWeights"],
    ["steps", 0, "steps"],
    ["steps", 2.5, "steps"],
    ["radiusSchedule", "grow", "radiusSchedule"],
    ["protocol", "author", "protocol"],
    ["seed", 0.5, "seed"],
    ["seed", "0", "seed"],
    ["plugin", "file.mjs", "plugin"],
    ["plugin", ["a.mjs", ""], "plugin.1"],
    ["parallel", 0, "parallel"],
    ["device", "gpu", "device"],
    ["threads", 0, "threads"],
    ["out", "", "out"],
    ["resume", 1, "resume"],
    ["shard", { index: -1, count: 2 }, "shard.index"],
    ["shard", { index: 0, count: 0 }, "shard.count"],
    ["shard", { index: 0, count: 2, of: 3 }, "shard"],
    ["trace", -1, "trace"],
    ["report", "no", "report"],
    ["gate", "worst.mIoU>=0.5", "gate"],
    ["gate", [""], "gate.0"],
  ])("%s: %j", (setting, value, where) => {
    expect(names({ ...required, [setting]: value })).toEqual([where]);
  });

  it.each(Object.keys(required))("%s, where it is missing", (setting) => {
    expect(names({ ...required, [setting]: undefined })).toEqual([setting]);
  });

  it("and a setting that there is not is quoted", () => {
    expect(mistakes({ ...required, stepps: 3 }).join()).toContain('"stepps"');
  });

  it.each([null, undefined, 3, "model", []])("as a whole, where it is no object: %j", (settings) => {
    expect(names(settings)).toEqual(["configuration"]);
  });
});

describe("radii", () => {
  it.each(["x", "4/", "/255", "-1/255", "4/255,", "4/255,,8/255", "2", "256/255", "1/0", "NaN", "Infinity"])(
    "%j is refused",
    (eps) => {
      expect(names({ ...required, eps })).toEqual(["eps"]);
    },
  );

  it.each(["0.5", "4/255", " 4/255 , 8/255", "1", "255/255", "1e-3"])("%j is accepted", (eps) => {
    expect(mistakes({ ...required, eps })).toEqual([]);
  });

  it("above 1 come with the fraction that was probably meant", () => {
    expect(mistakes({ ...required, eps: "8" }).join()).toContain("for 8 grey levels of 255 write 8/255");
    expect(mistakes({ ...required, eps: "300/255" }).join()).not.toContain("grey levels");
  });
});

describe("attacks", () => {
  it.each([
    "apgd",
    "apgd:",
    "apgd:nothing",
    "sea-2025",
    ",",
    "square:ce",
    "toString",
    "apgd:toString",
    "noise,xyz",
  ])("%j is refused", (attacks) => {
    expect(names({ ...required, attacks })).toEqual(["attacks"]);
  });

  it.each(["sea-2024", "apgd:mask-ce, noise", "mine:special", "mine:special,square"])(
    "%j is accepted; a plugin's names are looked up later",
    (attacks) => {
      expect(parseConfig({ ...required, attacks }).attacks).toBe(attacks);
    },
  );

  it("beside a plugin's are still checked", () => {
    expect(names({ ...required, attacks: "mine:special,nosuch" })).toEqual(["attacks"]);
  });
});

it("names every mistake at once, in any combination", () => {
  const wrong: Record<string, unknown> = { steps: 0, device: "gpu", mean: [], eps: "9", seed: 0.1 };
  const all = Object.keys(wrong);
  for (let chosen = 1; chosen < 2 ** all.length; chosen++) {
    const some = all.filter((_, i) => chosen & (1 << i));
    const settings = { ...required, ...Object.fromEntries(some.map((name) => [name, wrong[name]])) };
    expect(names(settings).sort()).toEqual([...some].sort());
  }
});

it("fills in the documented defaults and leaves optional settings out", () => {
  expect(parseConfig(required)).toEqual({
    ...required,
    labels: "truth",
    attacks: "surge",
    steps: 300,
    radiusSchedule: "reduce",
    protocol: "strict",
    seed: 0,
    seeds: 1,
    device: "cpu",
    resume: false,
    trace: 0,
    report: true,
    saveImages: false,
    gateDespiteChecks: false,
    untrusted: false,
  });
});

it("is unchanged by a second reading", () => {
  const once = parseConfig({ ...required, crop: [5, 6], shard: { index: 1, count: 2 }, batchSize: 3 });
  expect(parseConfig(once)).toEqual(once);
});

describe("renaming", () => {
  it("writes both names as the caller shows settings", () => {
    const { values, notices } = renameSettings({ batchSize: 2, seed: 1 }, (name) => `<${name}>`);
    expect(values).toEqual({ seed: 1, parallel: 2 });
    expect(notices).toEqual(["<batchSize> is now called <parallel>; the old name still works for now"]);
  });

  it("changes neither its argument nor settings without an old name", () => {
    const settings = Object.freeze({ batchSize: 2, parallel: 5 });
    expect(renameSettings(settings).values).toEqual({ parallel: 5 });
    expect(settings).toEqual({ batchSize: 2, parallel: 5 });
    expect(renameSettings({ seed: 1 })).toEqual({ values: { seed: 1 }, notices: [] });
  });
});

it.each(["eps", "attacks"])("an empty %s is one mistake", (name) => {
  try {
    parseConfig({ model: "m", data: "folder:a,b", [name]: "" });
    expect.unreachable();
  } catch (error) {
    expect((error as Error).message.split(`${name}:`)).toHaveLength(2);
  }
});
