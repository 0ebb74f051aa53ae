/** However a run is interrupted, batched or split, its result is the same to the byte, times aside. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import { writeModel } from "../../src/onnx/index.js";
import { tinyModel } from "../helpers/models.js";
import { killAndResume, resultOf, seawall } from "./kill.mjs";

const root = mkdtempSync(join(tmpdir(), "seawall-resume-"));
const at = (name: string) => join(root, name);
const [width, height, images] = [32, 24, 7];

const flags = [
  ...["--model", at("model.onnx"), "--data", `folder:${at("images")},${at("labels")}`, "--classes", "4"],
  ...["--ignore-label", "255", "--eps", "4/255,8/255", "--attacks", "sea-2023,noise", "--steps", "60"],
  ...["--trace", "2"],
];

/** What a run keeps for its report, by file: pictures and traces. */
function keptIn(dir: string): Record<string, string> {
  const files = ["pictures", "traces"].flatMap((folder) =>
    readdirSync(join(dir, folder)).map((name) => `${folder}/${name}`),
  );
  return Object.fromEntries(files.sort().map((file) => [file, readFileSync(join(dir, file), "base64")]));
}

function expectSame(dir: string): void {
  expect(resultOf(dir)).toBe(resultOf(at("alone")));
  expect(keptIn(dir)).toEqual(keptIn(at("alone")));
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
  it("when it is killed again and again", { timeout: 300_000 }, async () => {
    const killed = await killAndResume(flags, at("killed"), 5, 2500);
    expect(killed).toBeGreaterThan(0);
    expectSame(at("killed"));
  });

  it.each(["1", "2", "5"])("with batches of %s", (size) => {
    seawall("eval", ...flags, "--parallel", size, "--out", at(`batch${size}`));
    expectSame(at(`batch${size}`));
  });

  it("when two shards are merged", () => {
    for (const shard of ["1/2", "2/2"])
      seawall("eval", ...flags, "--shard", shard, "--out", at(`shard${shard[0]}`));
    seawall("merge", at("shard1"), at("shard2"), "--out", at("merged"));
    expectSame(at("merged"));
  });
});
