/** `seawall report`, and the report that `eval` and `merge` write, as processes. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeModel } from "../../src/onnx/index.js";
import { tinyModel } from "../helpers/models.js";
import { sealedJson } from "../journal/runs.js";
import { sampleFolder, seawall, shortEval } from "./program.js";

let cwd: string;
const at = (path: string) => join(cwd, path);
beforeAll(async () => {
  cwd = await sampleFolder();
});

describe("seawall eval", () => {
  it("writes the report with pictures and traces into its folder", async () => {
    const flags = ["--trace", "1", "--gate", "clean.aAcc>=0", "--out", "run"];
    const { stderr } = await seawall([...shortEval, ...flags], { cwd });
    expect(stderr).toContain(`report: ${join("run", "report.html")}`);
    const page = readFileSync(at("run/report.html"), "utf8");
    expect(page).toContain('id="gallery"');
    expect(page).toContain('id="traces"');
    // Three images, each worst, median or best at both radii: image, label, prediction; twice prediction and δ.
    expect(readdirSync(at("run/pictures"))).toHaveLength(3 * (3 + 2 * 2));
    expect(readdirSync(at("run/traces")).sort()).toEqual(["0-1.json", "0-2.json", "0-3.json", "0-4.json"]);
  });

  it("leaves the journal as it is without them", async () => {
    const { stderr } = await seawall([...shortEval, "--out", "bare", "--no-report"], { cwd });
    expect(stderr).not.toContain("report:");
    expect(readdirSync(at("bare")).sort()).toEqual(["journal.jsonl", "result.json", "run.json"]);
    const lines = (run: string) =>
      readFileSync(at(`${run}/journal.jsonl`), "utf8")
        .replace(/"(seconds|seal)":[^,}]*/g, "")
        .trim()
        .split("\n")
        .sort();
    expect(lines("bare")).toEqual(lines("run"));
    const { code } = await seawall([...shortEval, "--out", "bare", "--resume"], { cwd });
    expect([code, existsSync(at("bare/report.html"))]).toEqual([0, true]);
  });
});

describe("seawall report", () => {
  it("writes each format where it is told", async () => {
    const { code, stdout, stderr } = await seawall(
      ["report", "run", "--format", "html,csv,junit", "--out", "out"],
      { cwd },
    );
    expect([code, stdout]).toEqual([0, ""]);
    expect(readdirSync(at("out")).sort()).toEqual([
      "classes.csv",
      "figures.csv",
      "images.csv",
      "junit.xml",
      "report.html",
    ]);
    expect(stderr).toContain(`written: ${join("out", "junit.xml")}`);
    expect(readFileSync(at("out/junit.xml"), "utf8")).toContain('name="clean.aAcc&#62;=0"');
    expect(readFileSync(at("out/report.html"), "utf8")).toBe(readFileSync(at("run/report.html"), "utf8"));
  });

  it("ends with 3 where a gate fails", async () => {
    const { code, stderr } = await seawall(["report", "run", "--gate", "clean.aAcc>=1"], { cwd });
    expect([code, stderr]).toEqual([3, expect.stringContaining("does not hold")]);
  });

  it("ends with 3 where a gate of the run fails, which the page shows, unless other gates are asked for", async () => {
    await seawall([...shortEval, "--no-report", "--gate", "clean.aAcc<0", "--out", "failing"], { cwd });
    const { code, stderr } = await seawall(["report", "failing"], { cwd });
    expect([code, stderr]).toEqual([3, expect.stringContaining("✗ gate clean.aAcc<0 does not hold")]);
    expect(readFileSync(at("failing/report.html"), "utf8")).toContain('href="#gates">0 of 1 hold</a>');
    const other = await seawall(["report", "failing", "--gate", "clean.aAcc>=0"], { cwd });
    expect([other.code, other.stderr]).toEqual([0, expect.not.stringContaining("clean.aAcc<0")]);
  });

  it("passes no gate on a result whose checks were taken away, or on a run that is not complete", async () => {
    cpSync(at("run"), at("changed"), { recursive: true });
    const lines = readFileSync(at("changed/journal.jsonl"), "utf8").trimEnd().split("\n");
    const result = JSON.parse(readFileSync(at("changed/result.json"), "utf8"));
    const description = JSON.parse(readFileSync(at("changed/run.json"), "utf8"));
    description.soundness[0].status = "fail";
    writeFileSync(at("changed/run.json"), sealedJson(description, description));
    writeFileSync(at("changed/result.json"), sealedJson(description, { ...result, soundness: [] }));
    const gate = ["--gate", "clean.aAcc>=0"];
    const changed = await seawall(["report", "changed", ...gate], { cwd });
    expect([changed.code, changed.stderr]).toEqual([
      3,
      expect.stringContaining("does not count (failed checks: gradient)"),
    ]);
    for (const [flags, code] of [
      ["gradient", 0],
      ["logits,gradient", 0],
      ["logits", 3],
      ["gradients,no-check", 2],
    ] as const) {
      const allowed = await seawall(["report", "changed", ...gate, "--gate-allow", flags], { cwd });
      expect([flags, allowed.code]).toEqual([flags, code]);
    }
    const told = await seawall(["report", "changed", ...gate, "--gate-despite-checks"], { cwd });
    expect([told.code, told.stderr]).toEqual([
      0,
      expect.stringContaining("holds (despite failed checks: gradient)"),
    ]);

    writeFileSync(at("changed/run.json"), readFileSync(at("run/run.json")));
    rmSync(at("changed/result.json"));
    writeFileSync(at("changed/journal.jsonl"), `${lines.slice(0, -1).join("\n")}\n`);
    const cut = await seawall(["report", "changed", "--format", "junit", ...gate], { cwd });
    expect([cut.code, cut.stderr]).toEqual([3, expect.stringContaining("does not count (missing: 1 image)")]);
    expect(readFileSync(at("changed/junit.xml"), "utf8")).toContain("does not count (missing: 1 image)");
  });

  it("says of gates that the run was made with what the run said", async () => {
    const softmax = tinyModel({
      after: (b, logits) => b.op("Relu", [b.op("Softmax", [logits], { axis: 1 })]),
    });
    writeFileSync(at("softmax.onnx"), writeModel(softmax));
    const args = shortEval.map((word) => (word === "model.onnx" ? "softmax.onnx" : word));
    const gate = ["--gate", "clean.aAcc>=0", "--no-report"];
    const junit = async (out: string, ...more: string[]) => {
      const { code } = await seawall([...args, ...gate, ...more, "--out", out], { cwd });
      const read = (file: string) => readFileSync(at(`${out}/${file}`), "utf8");
      const texts = [];
      for (const stored of [true, false]) {
        if (!stored) rmSync(at(`${out}/result.json`));
        expect((await seawall(["report", out, "--format", "junit"], { cwd })).code).toBe(code);
        texts.push(/name="clean.aAcc.*/.exec(read("junit.xml"))![0]);
      }
      return { code, texts };
    };
    const refused = await junit("refused");
    expect(refused.code).toBe(3);
    for (const text of refused.texts)
      expect(text).toMatch(/<failure message="does not count \(failed.*logits/);
    const told = await junit("told", "--gate-despite-checks");
    expect(told.code).toBe(0);
    for (const text of told.texts) expect(text).toMatch(/<system-out>holds \(despite failed checks:.*logits/);
  });

  it.each([
    [
      ["report", "run", "--format", "pdf"],
      /--format pdf: no format "pdf"; expected some of html, csv, junit/,
    ],
    [["report", "none"], /none\/run\.json: cannot be read/],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await seawall(args, { cwd });
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it("names the run of which no image is complete", async () => {
    cpSync(at("run"), at("emptied"), { recursive: true });
    writeFileSync(at("emptied/journal.jsonl"), "");
    const { code, stderr } = await seawall(["report", "emptied"], { cwd });
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/error: emptied.journal\.jsonl: no image of the run is complete/),
    ]);
  });

  it("names the file and line of a damaged journal, and writes nothing", async () => {
    const before = statSync(at("run/report.html")).mtimeMs;
    const journal = readFileSync(at("run/journal.jsonl"), "utf8");
    writeFileSync(at("run/journal.jsonl"), journal.replace('"correct":', '"correct":1'));
    const { code, stderr } = await seawall(["report", "run"], { cwd });
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/journal\.jsonl, line 1: its seal does not fit/),
    ]);
    expect(statSync(at("run/report.html")).mtimeMs).toBe(before);
    writeFileSync(at("run/journal.jsonl"), journal);
  });
});

it("a merged run has the pictures of the run in one piece, and a report", { timeout: 300_000 }, async () => {
  for (const shard of ["1/2", "2/2"]) {
    await seawall([...shortEval, "--trace", "1", "--shard", shard, "--out", `part${shard[0]}`], { cwd });
  }
  const { stderr } = await seawall(["merge", "part1", "part2", "--out", "whole"], { cwd });
  expect(stderr).toContain(`report: ${join("whole", "report.html")}`);
  for (const folder of ["pictures", "traces"]) {
    expect(readdirSync(at(`whole/${folder}`))).toEqual(readdirSync(at(`run/${folder}`)));
  }
});
