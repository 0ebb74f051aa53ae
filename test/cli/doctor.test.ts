/** `seawall doctor` as a process: what it says of a good sample, and of each thing that is wrong. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { emptyGraph, GraphBuilder, writeModel } from "../../src/onnx/index.js";
import { greyPng, rgbPng } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";
import { folderWith, sampleFolder, seawall, shell } from "./program.js";

let cwd: string;
beforeAll(async () => {
  cwd = await sampleFolder({ images: 4 });
});

const doctor = (...args: string[]) => seawall(["doctor", ...args], { cwd });
const sample = ["--model", "model.onnx", "--data", "folder:images,labels"];

describe("seawall doctor", () => {
  it("looks at machine and engine alone when nothing is given", async () => {
    const { code, stdout, stderr } = await doctor();
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/machine\n✓ seawall +\d/);
    expect(stderr).toMatch(/✓ cpu +computes/);
    expect(stderr).toMatch(/[✓–] cuda /);
    expect(stderr).toMatch(/✓ all checks passed\n$/);
  });

  it.runIf(process.platform === "linux" && process.arch === "x64")(
    "names every part that CUDA needs, and fails if the device of the run does not compute",
    async () => {
      const { code, stderr } = await doctor("--device", "cuda");
      for (const part of [
        "driver",
        "libonnxruntime_providers_cuda\\.so",
        "libcuda\\.so\\.1",
        "libcudnn\\.so\\.9",
      ])
        expect(stderr).toMatch(new RegExp(`[✓✗] ${part} `));
      expect(stderr).not.toMatch(/not tried/);
      expect([code, stderr]).toEqual([/✓ cuda +computes/.test(stderr) ? 0 : 2, expect.any(String)]);
    },
  );

  it("finds a good sample in order", async () => {
    const { code, stderr } = await doctor(...sample, "--ignore-label", "255");
    expect(stderr).toMatch(/✓ operators +each of the \d+ nodes between image and logits has a gradient rule/);
    expect(stderr).toMatch(/✓ gradient /);
    expect(stderr).toMatch(/✓ speed +\d.* for one image forward and backward at 16×16/);
    expect(stderr).toMatch(/✓ images +4 images of folder:images,labels, all 16×16/);
    expect(stderr).toMatch(/✓ labels +all in 0 to 3/);
    expect(stderr).toMatch(/class +pixels +images\n +0 +\d+\.\d % +4 +▇/);
    expect(code).toBe(0);
  });

  it("names labels that are no class, and what to do", async () => {
    const { code, stderr } = await doctor(...sample);
    expect(stderr).toMatch(
      /✗ labels +label 255 \(19\.\d % of the labelled pixels, in 4 images\) is none of 4 classes/,
    );
    expect(stderr).toMatch(/--ignore-label 255 if it must not count/);
    expect(stderr).toMatch(/ {2}3 +\d+\.\d % +4 .*\n +255 +19\.\d %/);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/✗ 1 failure to fix before a run/)]);
  });

  it("answers in JSON", async () => {
    const { code, stdout } = await doctor(...sample, "--ignore-label", "255", "--limit", "2", "--json");
    expect(code).toBe(0);
    const { findings, labels } = JSON.parse(stdout);
    expect(findings).toContainEqual(
      expect.objectContaining({ topic: "engine", name: "cpu", status: "pass" }),
    );
    expect(labels.images).toEqual([2, 2, 2, 2]);
    expect(labels.classes.reduce((sum: number, count: number) => sum + count, labels.ignored)).toBe(
      2 * 16 * 16,
    );
  });

  it("shows a model of fixed size the images as an evaluation would", async () => {
    writeFileSync(join(cwd, "fixed.onnx"), writeModel(tinyModel({ height: 12, width: 20 })));
    const { code, stderr } = await doctor(
      "--model",
      "fixed.onnx",
      "--data",
      "folder:images,labels",
      "--ignore-label",
      "255",
    );
    expect(stderr).toMatch(/all 16×16/);
    expect(stderr).toMatch(/forward and backward at 20×12/);
    expect(code).toBe(0);
  });

  it("goes on after what it cannot open, and reports all of it", async () => {
    const { code, stderr } = await doctor("--model", "none.onnx", "--data", "folder:images,none");
    expect(code).toBe(2);
    expect(stderr).toMatch(/✗ file +none\.onnx: no such file/);
    expect(stderr).toMatch(/✗ list /);
    expect(stderr).toMatch(/✗ 2 failures to fix/);
  });

  it("names operators that no gradient passes", async () => {
    const build = new GraphBuilder(emptyGraph("odd", 18));
    const image = build.input("image", "float32", [1, 3, 8, 8]);
    build.output(build.op("Floor", [build.op("Det", [image])]), "y");
    build.graph.outputs.length = 0;
    build.output(build.op("Round", [build.mul(image, 3)]), "logits");
    writeFileSync(join(cwd, "rounding.onnx"), writeModel(build.graph));
    const { code, stderr } = await doctor("--model", "rounding.onnx");
    expect(stderr).toMatch(/! operators +no gradient flows through 1 × Round/);
    expect(stderr).toMatch(
      /✗ gradient +\S*rounding\.onnx:\s+every way from the image to the\s+logits leads through Round/,
    );
    expect(code).toBe(2);
  });

  it("wonders about images without contrast, copies, and classes that never occur", async () => {
    const flat = rgbPng(8, 8, new Uint8Array(192).fill(7));
    const labels = greyPng(8, 8, new Uint8Array(64).fill(2));
    const folder = await folderWith({
      "images/a.png": flat,
      "images/b.png": flat,
      "labels/a.png": labels,
      "labels/b.png": labels,
    });
    const { code, stderr } = await seawall(["doctor", "--data", "folder:images,labels", "--classes", "4"], {
      cwd: folder,
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/! values +0\.027 to 0\.027 of \[0, 1\]; hardly any contrast/);
    expect(stderr).toMatch(/! images +1 image equal to another one/);
    expect(stderr).toMatch(/! absent +no pixel of class 0, 1, 3 in these images/);
    expect(stderr).toMatch(/! ready for a run, with 3 warnings/);
  });

  it("estimates the run that the flags of eval would make", async () => {
    const run = ["--eps", "2/255,8/255", "--attacks", "apgd:ce,noise", "--steps", "20", "--parallel", "1"];
    const { code, stderr } = await doctor(...sample, "--ignore-label", "255", ...run);
    const plan = await seawall(
      ["eval", ...sample, "--classes", "4", "--ignore-label", "255", ...run, "--dry-run", "--json"],
      { cwd },
    );
    const { passes } = JSON.parse(plan.stdout);
    expect(stderr).toMatch(
      new RegExp(`✓ time +about \\d.* for 4 images and 2 attacks:\\s+at\\s+most\\s+${passes}\\s+passes at`),
    );
    expect(stderr).toMatch(/timed on\s+apgd:ce\)/);
    expect(stderr).toMatch(/✓ memory +\d\.\d GiB at the height of these passes/);
    expect(code).toBe(0);
  });

  it("says what is wrong with the run that is planned", async () => {
    const { code, stderr } = await doctor(
      ...sample,
      "--ignore-label",
      "255",
      "--eps",
      "4",
      "--attacks",
      "apgd",
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/--eps: radius "4"[\s\S]*--attacks: unknown attack "apgd"/);
  });

  it("tells which pixels a model wants from its clean figures", async () => {
    const folder = await coloursFolder();
    const args = ["doctor", "--model", "colours.onnx", "--data", "folder:images,labels"];
    const right = await seawall([...args, "--input-range", "0,255"], { cwd: folder });
    expect(right.stderr).toMatch(/✓ pixels +clean mIoU 1\.0000 on 3 images; no other usual/);
    const wrong = await seawall(args, { cwd: folder });
    expect(wrong.stderr).toMatch(
      /! pixels +clean mIoU 0\.\d+ on 3 images, but 1\.0000 with --input-range 0,255; is/,
    );
    const turned = await seawall([...args, "--input-range", "0,255", "--bgr"], { cwd: folder });
    expect(turned.stderr).toMatch(/! pixels +clean mIoU 0\.\d+ on 3 images, but 1\.0000 without --bgr; is/);
    expect([right.code, wrong.code, turned.code]).toEqual([0, 0, 0]);
  });

  it("prints the command with the flags that it advises, which finds all in order", async () => {
    const folder = await coloursFolder();
    writeFileSync(join(folder, "doctor.yaml"), "mean: [0.485, 0.456, 0.406]\n");
    const data = ["--model", "colours.onnx", "--data", "folder:images,labels"];
    const given = ["--bgr", "--mean=0.485,0.456,0.406", "--std", "0.229,0.224,0.225", ...data];
    const { stderr } = await seawall(["doctor", ...given], { cwd: folder });
    expect(stderr.replaceAll(/\s+/g, " ")).toContain(
      "with --input-range 0,255 and without --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --bgr: leave --mean and",
    );
    const [, line] = /^try: (.*)$/m.exec(stderr)!;
    expect(line).toMatch(/ doctor --model colours\.onnx --data folder:images,labels --input-range 0,255$/);
    const followed = await shell(line!, { cwd: folder });
    expect(followed.stderr).toMatch(/✓ pixels +clean mIoU 1\.0000 on 3 images/);
    expect(followed.stderr).not.toMatch(/^try: /m);

    const fromFile = await seawall(["doctor", ...data, "--config", "doctor.yaml"], { cwd: folder });
    expect(fromFile.stderr).toMatch(
      /^take mean out of doctor\.yaml, and try: .* --config doctor\.yaml --input-range 0,255$/m,
    );
  });
});

/** Images whose pixels are bright in red, in blue or in neither, and a model that says which, from values up to 255. */
async function coloursFolder(): Promise<string> {
  const build = new GraphBuilder(emptyGraph("colours", 18));
  const image = build.input("image", "float32", [1, 3, 8, 8]);
  const channel = (c: number) => build.slice(image, [1], [c], [c + 1]);
  const scores = build.concat([channel(0), channel(2), build.add(build.mul(channel(1), 0), 100)], 1);
  build.output(build.mul(scores, 0.02), "logits");
  const files: Record<string, Uint8Array> = { "colours.onnx": writeModel(build.graph) };
  for (let i = 0; i < 3; i++) {
    const labels = Uint8Array.from({ length: 64 }, (_, p) => (p + i) % 3);
    const colours = [
      [250, 20, 30],
      [30, 20, 250],
      [60, 20, 40],
    ] as const;
    files[`images/${i}.png`] = rgbPng(8, 8, Uint8Array.from([...labels].flatMap((label) => colours[label]!)));
    files[`labels/${i}.png`] = greyPng(8, 8, labels);
  }
  return folderWith(files);
}
