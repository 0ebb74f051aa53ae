/** `--plugin`: files with parts of a user's own, in the main thread and in workers. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { writeModel } from "../../src/onnx/index.js";
import { folderWith, greyPng, rgbPng } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";
import { seawall } from "./program.js";

const example = readFileSync(fileURLToPath(new URL("../../examples/plugin.mjs", import.meta.url)), "utf8");
const [height, width] = [12, 16];
const bytes = (count: number, seed: number) =>
  Uint8Array.from({ length: count }, (_, i) => Math.abs(Math.sin(seed + i)) * 255);
const classes = (seed: number) => bytes(height * width, seed).map((value) => value % 4);

let folder: string;
beforeAll(async () => {
  const files: Record<string, Uint8Array> = {
    "model.onnx": writeModel(tinyModel({ classes: 4 })),
    "my.mjs": new TextEncoder().encode(example),
    "broken.mjs": new TextEncoder().encode("throw new Error('no luck');"),
    "empty.mjs": new TextEncoder().encode("export const nothing = 1;"),
    "wrong.mjs": new TextEncoder().encode('export default { name: "my", losses: { focal: 1 } };'),
  };
  for (const seed of [1, 2, 3]) {
    files[`images/${seed}.png`] = rgbPng(width, height, bytes(3 * height * width, seed));
    files[`labels/${seed}.png`] = greyPng(width, height, classes(seed));
  }
  folder = await folderWith(files);
});

const evaluate = (...args: string[]) =>
  seawall(
    [
      ...["eval", "--model", "model.onnx", "--data", "folder:images,labels", "--classes", "4"],
      ...["--eps", "8/255", "--steps", "4", ...args],
    ],
    { cwd: folder },
  );

describe("--plugin", () => {
  it("gives names to --attacks, the same in one thread and in workers, and is written down", async () => {
    const options = ["--plugin", "my.mjs", "--attacks", "my:quick", "--no-report"];
    const one = await evaluate(...options, "--parallel", "1", "--out", "runs/one");
    const three = await evaluate(...options, "--parallel", "3", "--threads", "3", "--out", "runs/three");
    expect([one.code, three.code]).toEqual([0, 0]);
    const result = (run: string) =>
      JSON.parse(readFileSync(join(folder, "runs", run, "result.json"), "utf8"));
    expect(result("one").robust).toEqual(result("three").robust);
    expect(result("one").protocol.members).toMatchObject([
      { name: "apgd:mask-ce", steps: 4 },
      { name: "apgd:my:focal", steps: 2 },
    ]);
    const description = JSON.parse(readFileSync(join(folder, "runs/one/run.json"), "utf8"));
    expect(description.plugins).toEqual([{ name: "my", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  });

  it("is not resumed with a changed file", async () => {
    const options = ["--attacks", "apgd:my:focal", "--no-report", "--out", "runs/changed"];
    expect((await evaluate("--plugin", "my.mjs", ...options)).code).toBe(0);
    writeFileSync(join(folder, "other.mjs"), `${example}\n// changed`);
    const resumed = await evaluate("--plugin", "other.mjs", ...options, "--resume");
    expect(resumed.code).toBe(2);
    expect(resumed.stderr).toMatch(/plugins/);
  });

  it("is run by verify only when it is named again", async () => {
    const verify = (...args: string[]) =>
      seawall(["verify", "runs/one", "--sample", "2", ...args], { cwd: folder });
    const refused = await verify();
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/loaded only if named again with --plugin/);
    expect((await verify("--plugin", "my.mjs")).code).toBe(0);
  });

  it.each([
    ["missing.mjs", /--plugin missing\.mjs: cannot be read .*name a \.mjs file/],
    ["broken.mjs", /--plugin broken\.mjs: fails when it is loaded: no luck/],
    ["empty.mjs", /--plugin empty\.mjs: has no default export/],
    ["wrong.mjs", /--plugin wrong\.mjs: losses\.focal: expected/],
  ])("%s is refused with exit code 2", async (file, message) => {
    const { code, stderr } = await evaluate("--plugin", file, "--attacks", "apgd:my:focal");
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/at .*\.js:\d+/);
  });

  it("that is not given leaves its names unknown", async () => {
    const { code, stderr } = await evaluate("--attacks", "apgd:my:focal");
    expect(code).toBe(2);
    expect(stderr).toMatch(/unknown attack "apgd:my:focal"/);
  });
});
