/** `seawall compare` as a process: streams, gates, what it refuses, and damaged runs. */
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { sealedJson } from "../journal/runs.js";
import { sampleFolder, seawall, storedRun } from "./program.js";

let cwd: string;
beforeAll(async () => {
  cwd = await sampleFolder({ images: 4 });
  await storedRun(cwd, "runs/a");
  await storedRun(cwd, "runs/b", { mean: [0.1, 0.1, 0.1] });
  await storedRun(cwd, "runs/short", { steps: 2 });
});

const compare = (...args: string[]) => seawall(["compare", ...args], { cwd });

describe("seawall compare", () => {
  it("says the differences on stderr, and nothing on stdout", async () => {
    const { code, stdout, stderr } = await compare("runs/a", "runs/b");
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/4 images in both runs\. A: model\.onnx, B: model\.onnx/);
    expect(stderr).toMatch(/worst case +8\/255 +0\.\d{4} +0\.\d{4} +[+-]?0\.\d{4} +\[/);
    expect(stderr).toContain("intervals are only a rough guide");
  });

  it("prints the comparison as JSON, the same each time", async () => {
    const args = ["runs/a", "runs/b", "--json", "--top", "2", "--gate", "clean.aAcc diff>=-1"];
    const [one, other] = [await compare(...args), await compare(...args)];
    expect(one.code).toBe(0);
    expect(one.stdout).toBe(other.stdout);
    const comparison = JSON.parse(one.stdout);
    expect(comparison).toMatchObject({ schemaVersion: 1, images: 4, differences: [] });
    expect(comparison.gates).toEqual([
      { gate: "clean.aAcc diff>=-1", value: expect.any(Number), passed: true },
    ]);
    expect(comparison.rows).toHaveLength(1 + 2 * 3);
    const { images } = JSON.parse(readFileSync(join(cwd, "runs/a/result.json"), "utf8")).data;
    expect(images).toBe(comparison.images);
  });

  it("refuses another protocol unless told, and then names it", async () => {
    const refused = await compare("runs/a", "runs/short");
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toMatch(/protocol\.members\.0\.steps: 5 in the first, 2 in the second/);
    const told = await compare("runs/a", "runs/short", "--allow-different");
    expect([told.code, told.stderr]).toEqual([
      0,
      expect.stringMatching(/the runs differ: protocol\.members\.0\.steps: 5/),
    ]);
  });

  it("ends with 3 when a gate does not hold, from the line or from a file", async () => {
    const line = await compare("runs/a", "runs/a", "--gate", "worst.mIoU@8/255 diff>=0.01");
    expect([line.code, line.stderr]).toEqual([
      3,
      expect.stringMatching(/✗ gate worst\.mIoU@8\/255 diff>=0\.01/),
    ]);
    writeFileSync(join(cwd, "gates.yaml"), "gate:\n  - worst.mIoU@8/255 diff>=0.01\n");
    expect((await compare("runs/a", "runs/a", "--config", "gates.yaml")).code).toBe(3);
    writeFileSync(join(cwd, "wrong.yaml"), "seed: 1\nsteps: 3\n");
    const wrong = await compare("runs/a", "runs/a", "--config", "wrong.yaml");
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/wrong\.yaml, line 2: steps: unknown/),
    ]);
  });

  it("passes no gate where a check of a run failed, unless told", async () => {
    cpSync(join(cwd, "runs/b"), join(cwd, "runs/unsound"), { recursive: true });
    const file = join(cwd, "runs/unsound/run.json");
    const description = JSON.parse(readFileSync(file, "utf8"));
    description.soundness[0].status = "fail";
    writeFileSync(file, sealedJson(description, description));
    rmSync(join(cwd, "runs/unsound/result.json"));
    const args = ["runs/a", "runs/unsound", "--gate", "clean.aAcc diff>=-1"];
    const refused = await compare(...args);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("the figures of B are no evidence: checks failed (gradient)");
    expect(refused.stderr).toMatch(
      /✗ gate clean\.aAcc diff>=-1 does not count \(failed checks: B: gradient\)/,
    );
    expect((await compare(...args, "--gate-allow", "gradient")).code).toBe(0);
    expect((await compare(...args, "--gate-allow", "labels")).code).toBe(3);
    const told = await compare(...args, "--gate-despite-checks");
    expect([told.code, told.stderr]).toEqual([
      0,
      expect.stringMatching(/✓ gate clean\.aAcc diff>=-1 holds \(despite failed checks: B: gradient\)/),
    ]);
  });

  it("names both runs where they have no complete image in common", async () => {
    cpSync(join(cwd, "runs/a"), join(cwd, "runs/emptied"), { recursive: true });
    writeFileSync(join(cwd, "runs/emptied/journal.jsonl"), "");
    const { code, stderr } = await compare("runs/a", "runs/emptied");
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("error: runs/a and runs/emptied: no image is"),
    ]);
  });

  it("names the line of a damaged journal and the file of a damaged description", async () => {
    cpSync(join(cwd, "runs/a"), join(cwd, "runs/damaged"), { recursive: true });
    const journal = join(cwd, "runs/damaged/journal.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    const record = JSON.parse(lines[2]!);
    lines[2] = JSON.stringify({ ...record, correct: record.correct + 1 });
    writeFileSync(journal, lines.join("\n"));
    const changed = await compare("runs/a", "runs/damaged");
    expect(changed.code).toBe(2);
    expect(changed.stderr).toMatch(/damaged.journal\.jsonl, line 3: its seal does not fit/);

    appendFileSync(join(cwd, "runs/damaged/run.json"), "}");
    const cut = await compare("runs/a", "runs/damaged");
    expect([cut.code, cut.stderr]).toEqual([2, expect.stringMatching(/damaged.run\.json: not JSON/)]);
    const none = await compare("runs/a", "runs/none");
    expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/none.run\.json: cannot be read/)]);
  });
});
