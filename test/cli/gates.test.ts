/** Gates of a run, by `runEvaluation` and by `seawall eval`: what is refused, and what failed checks forbid. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { EvaluationInput } from "../../src/evaluate/index.js";
import { runEvaluation } from "../../src/evaluate/index.node.js";
import { readResult } from "../../src/journal/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { tinyModel } from "../helpers/models.js";
import { sampleFolder, seawall, shortEval } from "./program.js";

/** Probabilities behind an operator that keeps Softmax from being cut off, so that the check `logits` fails. */
const probabilities = tinyModel({
  after: (b, logits) => b.op("Relu", [b.op("Softmax", [logits], { axis: 1 })]),
});
/** The root of a negative logit is not a number. */
const undefinedInPlaces = tinyModel({ after: (b, logits) => b.op("Sqrt", [logits]) });

let cwd: string;
beforeAll(async () => {
  cwd = await sampleFolder();
  writeFileSync(join(cwd, "probabilities.onnx"), writeModel(probabilities));
  writeFileSync(join(cwd, "undefined.onnx"), writeModel(undefinedInPlaces));
});

const evaluate = (change: Partial<EvaluationInput>) =>
  runEvaluation({
    ...{ model: join(cwd, "model.onnx"), data: `folder:${join(cwd, "images")},${join(cwd, "labels")}` },
    ...{ classes: 4, ignoreLabel: 255, eps: "2/255,8/255", attacks: "apgd:ce,noise", steps: 5, parallel: 1 },
    ...change,
  });

/** `shortEval` on another model. */
const evalOf = (model: string) => shortEval.map((word) => (word === "model.onnx" ? model : word));

describe("a run's gates", () => {
  it("are in the result of the function, and in the folder", async () => {
    const out = join(cwd, "function");
    const gate = ["clean.aAcc >= 0", "worst.mIoU@8/255>=0.99"];
    const { gates, clean, robust } = await evaluate({ gate, out });
    expect(gates).toEqual([
      { gate: "clean.aAcc>=0", value: clean.aAcc, passed: true },
      { gate: "worst.mIoU@8/255>=0.99", value: robust[1]!.worst.mIoU, passed: false },
    ]);
    expect(readResult(out).gates).toEqual(gates);
  });

  it("are absent where none was asked for", async () => {
    expect(await evaluate({})).not.toHaveProperty("gates");
  });

  it("are the same by function and command", async () => {
    const gate = "apgd:ce.mIoU@2/255<=0.5";
    const [{ gates }, { stdout, code }] = await Promise.all([
      evaluate({ gate: [gate] }),
      seawall([...shortEval, "--gate", gate, "--json"], { cwd }),
    ]);
    expect(JSON.parse(stdout).gates).toEqual(gates);
    expect(code).toBe(gates![0]!.passed ? 0 : 3);
  });

  it.each([
    [["wurst.mIoU@2/255>=0.5"], /unknown subject "wurst"/],
    [["clean.aAcc>=0", "worst.mIoU@4/255>=0.6"], /no radius 4\/255; expected one of @2\/255, @8\/255/],
    [["clean.aAcc>=50"], /expected a fraction/],
    [["clean.aAcc"], /expected SUBJECT/],
  ])("%j is refused before the run, and before the model is opened", async (gate, problem) => {
    const out = join(cwd, "refused");
    await expect(evaluate({ gate, out, model: "nowhere.onnx" })).rejects.toThrow(problem);
    const flags = gate.flatMap((expression) => ["--gate", expression]);
    for (const more of [["--out", out], ["--dry-run"]]) {
      const { code, stderr } = await seawall([...shortEval, ...flags, ...more], { cwd });
      expect([code, stderr]).toEqual([2, expect.stringMatching(problem)]);
    }
    expect(existsSync(out)).toBe(false);
  });

  it("of a shard are refused by both", async () => {
    await expect(evaluate({ gate: ["clean.aAcc>0"], shard: { index: 0, count: 2 } })).rejects.toThrow(
      /seawall merge/,
    );
  });
});

describe.each([
  ["probabilities.onnx", "logits"],
  ["undefined.onnx", "logits"],
])("on %s, whose checks fail", (model, check) => {
  const gate = ["clean.aAcc>=0", "clean.aAcc<=1", "worst.mIoU@8/255>=0.99"];

  it("no gate passes, whichever way it points", async () => {
    const { gates } = await evaluate({ model: join(cwd, model), gate });
    for (const outcome of gates!) {
      expect(outcome).toMatchObject({ passed: false, failedChecks: expect.arrayContaining([check]) });
      expect(outcome).not.toHaveProperty("despiteChecks");
    }
  });

  it("the command says so and ends with 3", async () => {
    const flags = gate.flatMap((expression) => ["--gate", expression]);
    const { code, stderr } = await seawall([...evalOf(model), ...flags], { cwd });
    expect(code).toBe(3);
    expect(stderr).toMatch(/✗ gate clean\.aAcc>=0 does not count \(failed checks: [^)]*logits[^)]*\): \d/);
    expect(stderr).toMatch(/✗ gate clean\.aAcc<=1 does not count/);
  });

  it("gates judge figures alone if told, and say that", async () => {
    const told = { model: join(cwd, model), gate, gateDespiteChecks: true };
    const { gates } = await evaluate(told);
    expect(gates!.map(({ passed }) => passed)).toEqual([true, true, false]);
    for (const { despiteChecks, failedChecks } of gates!) {
      expect(despiteChecks).toBe(true);
      expect(failedChecks).toContain(check);
    }
    const flags = ["--gate", "clean.aAcc>=0", "--gate-despite-checks", "--out", `out-${model}`];
    const { code, stderr } = await seawall([...evalOf(model), ...flags], { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/✓ gate clean\.aAcc>=0 holds \(despite failed checks: [^)]*logits/);
    expect(JSON.parse(readFileSync(join(cwd, `out-${model}`, "result.json"), "utf8")).gates).toEqual([
      gates![0],
    ]);
  });
});
