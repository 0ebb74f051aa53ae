/** Trainings with parts of a user's own: the loss and the data set of a plugin are those that are trained on. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { builtInComponents, type Plugin } from "../../src/components/index.js";
import type { TrainingConfig, TrainingInput } from "../../src/train/index.js";
import { planTraining, runTraining, trainingFiles } from "../../src/train/index.node.js";
import { folderWith } from "../data/pixels.js";
import { logOf, smallData, smallTraining } from "./small.js";

const plugin: Plugin = {
  name: "my",
  losses: {
    copy: { value: ({ crossEntropy }) => crossEntropy() },
    focal: {
      value: ({ build: b, ...pixel }) => b.mul(b.pow(b.sub(1, pixel.probability()), 2), pixel.crossEntropy()),
    },
  },
  datasets: { tiles: builtInComponents.datasets.folder! },
};

let data: string;
beforeAll(async () => {
  data = (await smallData()).data;
});

async function config(more: Partial<TrainingInput> = {}): Promise<TrainingConfig> {
  const out = join(await folderWith({ "kept.txt": "" }), "out");
  return smallTraining(data, out, { epochs: 1, ...more });
}

/** The losses of the updates. */
async function lossesOf(settings: TrainingConfig, plugins: readonly Plugin[] = []): Promise<number[]> {
  await runTraining(settings, { plugins });
  const log = (await logOf(settings.out)) as { kind: string; loss: number }[];
  return log.filter(({ kind }) => kind === "step").map(({ loss }) => loss);
}

const refusal = async (more: Partial<TrainingInput>, plugins: readonly Plugin[] = [plugin]) =>
  planTraining(await config(more), plugins).then(
    () => "",
    (error: Error) => error.message,
  );

describe("the loss of a training", () => {
  it("given by its value alone trains as the built-in one that it equals, and unlike another", async () => {
    const own = await lossesOf(await config());
    const copied = await lossesOf(await config({ loss: "my:copy" }), [plugin]);
    const focal = await lossesOf(await config({ loss: "my:focal" }), [plugin]);
    expect(own).toHaveLength(2);
    for (const [i, loss] of own.entries()) {
      expect(Math.abs(copied[i]! / loss - 1)).toBeLessThan(1e-4);
      expect(focal[i]!).toBeGreaterThan(0);
      expect(focal[i]!).toBeLessThan(0.8 * loss);
    }
  });

  it("of the built-in ones may be another than cross-entropy", async () => {
    const [js] = await lossesOf(await config({ loss: "js" }));
    // The Jensen-Shannon divergence of a distribution and a label is at most ln 2.
    expect(js!).toBeGreaterThan(0);
    expect(js!).toBeLessThanOrEqual(Math.LN2);
  });

  it.each([
    ["my:focl", /no loss "my:focl"; there are ce, .*my:copy, my:focal/],
    ["constructor", /no loss "constructor"/],
    ["class-balanced-ce", /--loss class-balanced-ce: it needs class weights/],
    ["spherical", /--loss spherical: it only controls step sizes/],
    ["balanced-ce", /the loss reads a balance, which only attacks of an evaluation have/],
    ["my:weighted", /the loss reads class weights, and does not say needsClassWeights/],
    ["my:scanned", /a loss given by its value alone cannot use this operator/],
  ])("%s is refused before anything is written", async (loss, reason) => {
    const more: Plugin = {
      name: "my",
      losses: {
        ...plugin.losses,
        weighted: {
          value: ({ build, classWeight, crossEntropy }) => build.mul(classWeight(), crossEntropy()),
        },
        scanned: {
          value: ({ build, crossEntropy }) => build.op("LpNormalization", [crossEntropy()], { axis: 2 }),
        },
      },
    };
    expect(await refusal({ loss }, [more])).toMatch(reason);
  });
});

describe("the data set of a training", () => {
  it("may be that of a plugin", async () => {
    const built = await lossesOf(await config());
    const own = await lossesOf(await config({ data: data.replace("folder:", "my:tiles:") }), [plugin]);
    expect(own).toEqual(built);
  });

  it("is refused where no plugin has it", async () => {
    expect(await refusal({ data: "my:other:a,b" })).toContain("my:other");
  });
});

describe("a folder", () => {
  const source =
    "export default { name: 'my', losses: { copy: { value: ({ crossEntropy }) => crossEntropy() } } };\n";

  it("keeps the digest of the plugin's file, and is not continued with a changed one", async () => {
    const file = join(await folderWith({ "plugin.mjs": source }), "plugin.mjs");
    const settings = await config({ loss: "my:copy", plugin: [file] });
    await runTraining(settings);
    const description = JSON.parse(readFileSync(join(settings.out, trainingFiles.description), "utf8"));
    expect(description.plugins).toEqual([{ name: "my", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    const moved = join(await folderWith({ "moved.mjs": source }), "moved.mjs");
    await runTraining({ ...settings, plugin: [moved], resume: true });
    const changed = join(await folderWith({ "changed.mjs": `${source}// changed\n` }), "changed.mjs");
    await expect(runTraining({ ...settings, plugin: [changed], resume: true })).rejects.toThrow(/plugins/);
  });

  it("from before the loss was a setting is continued", async () => {
    const settings = await config();
    await runTraining(settings);
    const file = join(settings.out, trainingFiles.description);
    const { config: stored, ...rest } = JSON.parse(readFileSync(file, "utf8"));
    const { loss, ...older } = stored;
    expect(loss).toBe("ce");
    writeFileSync(file, JSON.stringify({ ...rest, config: older }));
    expect((await runTraining({ ...settings, resume: true })).steps).toBe(2);
    await expect(runTraining({ ...settings, loss: "js", resume: true })).rejects.toThrow(
      /loss: "?ce"? stored/,
    );
  });
});
