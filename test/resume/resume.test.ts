/** However a run is interrupted, batched or split, its result is the same to the byte, times aside. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import { writeModel } from "../../src/onnx/index.js";
import { tinyModel } from "../helpers/models.js";
import { casesOf } from "./cases.mjs";
import { killCase } from "./kill-case.mjs";
import { journalOf, resultOf, runShards, seawall } from "./program.mjs";

const root = mkdtempSync(join(tmpdir(), "seawall-resume-"));
const at = (name: string) => join(root, name);
const [width, height, images] = [32, 24, 7];

const inputs = [
  ...["--model", at("model.onnx"), "--data", `folder:${at("images")},${at("labels")}`, "--classes", "4"],
  ...["--ignore-label", "255", "--trace", "2"],
];
const flags = [...inputs, "--eps", "4/255,8/255", "--attacks", "sea-2023,noise", "--steps", "60"];
/** Attacks that go on from one another, one for the mIoU of the set, then rounds. */
const inRounds = [
  ...[...inputs, "--eps", "32/255", "--attacks", "apgd:ce,sharpen:expected-miou"],
  ...["--steps", "auto:0.2", "--max-steps", "300"],
];

/** What a run keeps for its report, by file: pictures and traces. */
function keptIn(dir: string): Record<string, string> {
  const files = ["pictures", "traces"].flatMap((folder) =>
    readdirSync(join(dir, folder)).map((name) => `${folder}/${name}`),
  );
  return Object.fromEntries(files.sort().map((file) => [file, readFileSync(join(dir, file), "base64")]));
}

function expectSame(dir: string, alone = at("alone")): void {
  expect(resultOf(dir)).toBe(resultOf(alone));
  expect(journalOf(dir)).toEqual(journalOf(alone));
  expect(keptIn(dir)).toEqual(keptIn(alone));
}

beforeAll(() => {
  writeFileSync(at("model.onnx"), writeModel(tinyModel({ height, width })));
  for (const folder of ["images", "labels"]) mkdirSync(at(folder));
  for (let i = 0; i < images; i++) {
    const random = randomStream("resume", i);
    const bytes = Uint8Array.from(random.uniform(3 * width * height, 0, 256));
    const labels = Uint8Array.from(random.uniform(width * height, 0, 4.2), (value) =>
      value >= 4 ? 255 : value,
    );
    writeFileSync(at(`images/${i}.png`), encode({ width, height, data: bytes, channels: 3 }));
    writeFileSync(at(`labels/${i}.png`), encode({ width, height, data: labels, channels: 1 }));
  }
  seawall("eval", ...flags, "--out", at("alone"));
});

describe("the result is that of the run left alone", () => {
  it.each(["1", "2", "5"])("with batches of %s", (size) => {
    seawall("eval", ...flags, "--parallel", size, "--out", at(`batch${size}`));
    expectSame(at(`batch${size}`));
  });

  it("when two shards are merged", () => {
    expect(runShards(flags, 2, at)).toBe(1);
    expectSame(at("merged"));
  });
});

describe("the result of a run with rounds is that of the run left alone", () => {
  const inFolder = (name: string) => at(`rounds-${name}`);
  beforeAll(() => void seawall("eval", ...inRounds, "--out", inFolder("alone")));

  it("when two shards go on after each other", { timeout: 300_000 }, () => {
    expect(runShards(inRounds, 2, inFolder)).toBeGreaterThan(2);
    expectSame(inFolder("merged"), inFolder("alone"));
  });
});

/** `npm run kill` does the same for longer, with more of each verb. */
describe("what is killed and run again writes the same files as when it is left alone", () => {
  const small = { images: 4, architecture: "upernet-convnext-micro-cvst" };

  it.each([
    ["eval", "surge in rounds", 3],
    ["eval", "perturbed images, traces", 3],
    ["merge", "two shards of 4 images", 3],
    ["report", "over earlier reports", 2],
    ["convert", "over an earlier file", 2],
  ])("%s: %s", { timeout: 300_000 }, async (verb, name, kills) => {
    const place = mkdtempSync(at("kill-"));
    const spec = (await casesOf(verb, place, small)).find((one) => one.name === name)!;
    const { problems, runs } = await killCase(spec, join(place, "killed"), { kills, seed: 1 });
    expect(problems).toEqual([]);
    expect(runs).toBeGreaterThan(0);
  });
});
