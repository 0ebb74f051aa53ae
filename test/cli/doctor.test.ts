/** `seawall doctor` as a process: what it says of a good sample, and of each thing that is wrong. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { emptyGraph, GraphBuilder, writeModel } from "../../src/onnx/index.js";
import { greyPng, rgbPng } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";
import { folderWith, sampleFolder, seawall } from "./program.js";

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
    expect(stderr).toMatch(/✓ all in order\n$/);
  });

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
    expect([code, stderr]).toEqual([2, expect.stringMatching(/✗ 1 to mend before a run/)]);
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
    expect(stderr).toMatch(/forward and backward at 12×20/);
    expect(code).toBe(0);
  });

  it("goes on after what it cannot open, and reports all of it", async () => {
    const { code, stderr } = await doctor("--model", "none.onnx", "--data", "folder:images,none");
    expect(code).toBe(2);
    expect(stderr).toMatch(/✗ file +none\.onnx: no such file/);
    expect(stderr).toMatch(/✗ list /);
    expect(stderr).toMatch(/✗ 2 to mend/);
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
    expect(stderr).toMatch(/✗ gradient +every way from the image to the logits leads through Round/);
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
    expect(stderr).toMatch(/! nothing in the way of a run, 3 to look at/);
  });
});
