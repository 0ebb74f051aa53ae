/** A run with a sliding window as a process: workers, resuming and verifying give the same records; the report names it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { sampleFolder, seawall, shortEval } from "./program.js";

let cwd: string;
beforeAll(async () => {
  cwd = await sampleFolder({ images: 2, size: 18 });
});

const sliding = [...shortEval, "--window", "8x9", "--stride", "5x5"];
const journal = (run: string) =>
  readFileSync(join(cwd, run, "journal.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => ({ ...JSON.parse(line), seconds: 0, seal: "" }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

it("evaluates, resumes and verifies, with any number of workers", async () => {
  const one = await seawall([...sliding, "--parallel", "1", "--out", "one"], { cwd });
  expect(one.code).toBe(0);
  expect(one.stderr).toContain(
    "windows of 9×8 pixels, one every 5×5: 9 over an image of 18×18 (width×height)",
  );
  expect(one.stderr).toMatch(/[\d,]+ forward and [\d,]+ backward passes over all windows in/);
  const two = await seawall([...sliding, "--parallel", "2", "--out", "two"], { cwd });
  expect(two.code).toBe(0);
  expect(journal("two")).toEqual(journal("one"));

  const other = await seawall([...shortEval, "--window", "8x9", "--out", "one", "--resume"], { cwd });
  expect(other.code).toBe(2);
  expect(other.stderr).toContain("model.stride.1: 5 stored, 6 now");

  const verified = await seawall(["verify", "one", "--sample", "100"], { cwd });
  expect([verified.code, verified.stderr]).toEqual([0, expect.stringContaining("✓ match: 10 of 10 records")]);

  const page = readFileSync(join(cwd, "one", "report.html"), "utf8");
  expect(page).toContain("8×9, one every 5×5; logits averaged");
});

it("is examined by the doctor", async () => {
  const { code, stderr } = await seawall(
    [
      ...["doctor", "--model", "model.onnx", "--data", "folder:images,labels", "--ignore-label", "255"],
    ].concat([
      "--window",
      "8x9",
      "--eps",
      "2/255",
      "--attacks",
      "apgd:ce",
      "--steps",
      "3",
      "--parallel",
      "1",
    ]),
    { cwd },
  );
  expect(stderr).toContain("windows of 9×8 pixels, one every 6×5: 9 over an image of 18×18 (width×height)");
  expect(stderr).toMatch(/✓ gradient +slopes along 4 directions/);
  expect(stderr).toMatch(/✓ time +about .* at most 24 passes at/);
  expect(code).toBe(0);
});
