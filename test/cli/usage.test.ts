/** Wrong use, wrong files: exit code 2, a message that says what would be right, and never a stack. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { folderWith, sampleFolder, seawall, shortEval } from "./program.js";

let cwd: string;
beforeAll(async () => {
  cwd = await sampleFolder();
});

/** stderr of a call that must end with exit code 2 and leave stdout alone. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await seawall(args, { cwd });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).not.toMatch(/\n\s+at /);
  return stderr;
}

describe("the program", () => {
  it("prints its version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await seawall(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("without a verb, or with a wrong one, says what there is", async () => {
    expect(await refusal()).toMatch(/Commands:\n {2}eval/);
    expect(await refusal("evil")).toMatch(/unknown command 'evil'\n\(Did you mean eval\?\)/);
  });
});

describe("flags", () => {
  it.each([
    [["--modle", "x"], /unknown option '--modle'\n\(Did you mean --model\?\)/],
    [["--model"], /option '--model <FILE>' argument missing/],
    [[...shortEval.slice(1), "extra"], /too many arguments/],
    [
      ["--attacks", "apgd:foo"],
      /--attacks: unknown attack "apgd:foo"; known are sea-2023, sea-2024, strongest, surge, surge-fast, sea-two-speed, apgd:LOSS/,
    ],
    [["--attacks", "constructor"], /--attacks: unknown attack "constructor"; known are sea-2023/],
    [["--eps", "300"], /--eps: radius "300": must be at most 1, .* write 300\/255/],
    [["--crop", "3"], /--crop: expected sizes as 512x512, got "3"/],
    [["--crop", "3x4x5"], /--crop: expected sizes as 512x512, got "3x4x5"/],
    [["--mean", "1,2,"], /--mean: expected numbers as 0\.485,0\.456,0\.406, got "1,2,"/],
    [["--bands", "0,1"], /--bands: expected numbers counted from 1, as 4,3,2, or luma, got "0,1"/],
    [["--pixel-range", "9,9"], /--pixel-range: expected black below white, as 0,4095/],
    [["--input-range", "0,b"], /--input-range: expected 2 numbers as 0,255, got "0,b"/],
    [["--shard", "0/2"], /--shard: expected i\/n with i from 1 to n, as 2\/4, got "0\/2"/],
    [["--steps", "many"], /--steps: expected a whole number of at least 1, auto, or auto:GAIN .* got "many"/],
    [["--steps", "0"], /--steps: expected at least 1, got 0/],
    [["--layout", "chw"], /--layout: expected nchw or nhwc, got "chw"/],
    [["--device", "tpu"], /--device: expected cpu or cuda or webgpu, got "tpu"/],
  ])("refuses %j", async (flags, problem) => {
    expect(await refusal("eval", ...flags)).toMatch(problem);
  });

  it("still reads --batch-size for --parallel, and says so once", async () => {
    expect(await refusal(...shortEval, "--batch-size", "0")).toBe(
      "--batch-size is now called --parallel; the old name still works for now\n" +
        "error: --parallel: expected at least 1, got 0\n",
    );
    expect(await refusal("doctor", "--batch-size", "0")).toMatch(/^--batch-size is now called --parallel/);
    expect(await refusal("verify", "run", "--batch-size", "1")).toMatch(/unknown option '--batch-size'/);
  });

  it("lists all mistakes and all that is missing at once", async () => {
    expect(await refusal("eval", "--steps", "x", "--eps", "2", "--seed", "1.5")).toMatchInlineSnapshot(`
      "error: 5 mistakes in the settings:
        --seed: expected a whole number, got "1.5"
        --eps: radius "2": must be at most 1, because pixel values are in [0, 1]; for 2 grey levels of 255 write 2/255
        --steps: expected a whole number of at least 1, auto, or auto:GAIN with a gain in percentage points, as auto:0.05; got "x"
        --model FILE is missing: ONNX file: image N×C×H×W in, logits N×K×h×w out
        --data SPEC is missing: images and labels: folder:IMAGES,LABELS, camvid:ROOT, cityscapes:ROOT, voc:ROOT, sbd:ROOT or ade20k:ROOT
      "
    `);
  });
});

describe("files", () => {
  const withModel = (file: string) =>
    shortEval.map((argument) => (argument === "model.onnx" ? file : argument));

  it("that are missing are named", async () => {
    expect(await refusal(...withModel("nowhere.onnx"))).toMatch(/^error: nowhere\.onnx: no such file/);
    expect(await refusal(...shortEval, "--data", "folder:nothing,labels")).toMatch(/nothing/);
    expect(await refusal(...shortEval, "--config", "no.yaml")).toMatch(/no\.yaml: cannot be read/);
  });

  it("that are no model, or half of one, are refused", async () => {
    const whole = readFileSync(join(cwd, "model.onnx"));
    const folder = await folderWith({
      "half.onnx": whole.subarray(0, whole.length / 2),
      "text.onnx": "hello",
    });
    expect(await refusal(...withModel(join(folder, "half.onnx")))).toMatch(
      /half\.onnx: not an ONNX file, or truncated/,
    );
    expect(await refusal(...withModel(join(folder, "text.onnx")))).toMatch(/text\.onnx: /);
  });

  it("with labels that are no class say which", async () => {
    const stderr = await refusal(...shortEval.map((argument) => (argument === "255" ? "254" : argument)));
    expect(stderr).toMatch(/label 255 at row \d+, column \d+ is none of the 4 classes/);
  });

  it("of a run are not overwritten", async () => {
    expect(await refusal(...shortEval, "--out", ".")).toMatch(/the folder is not empty/);
  });
});
