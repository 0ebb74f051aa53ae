/** Bad input: one clear message that names the file and the remedy, exit code 2, no stack, and nothing journalled is lost. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Graph, writeModel } from "../../src/onnx/index.js";
import { greyPng } from "../data/pixels.js";
import { modelWithoutRule, tinyModel } from "../helpers/models.js";
import { sampleFolder, seawall, shortEval } from "./program.js";

/** What the sample says after `change`, which must refuse it. */
async function refusal(change: (folder: string) => Promise<void>, ...flags: string[]): Promise<string> {
  const cwd = await sampleFolder();
  await change(cwd);
  const { code, stdout, stderr } = await seawall([...shortEval, ...flags], { cwd });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stderr.match(/^error: /gm)).toHaveLength(1);
  return stderr.replace(/\s+/g, " ");
}

const model = (graph: Graph) => (folder: string) => writeFile(join(folder, "model.onnx"), writeModel(graph));
const untouched = async () => {};

function twoImages(): Graph {
  const graph = tinyModel();
  graph.inputs.push({ name: "second", type: "float32", shape: [1, 3, 16, 16] });
  return graph;
}

it.each<[string, (folder: string) => Promise<void>, string[], RegExp]>([
  [
    "a truncated ONNX file",
    (folder) => writeFile(join(folder, "model.onnx"), writeModel(tinyModel()).subarray(0, 300)),
    [],
    /model\.onnx: .*truncated.*(again)/,
  ],
  [
    "a model with two image inputs",
    model(twoImages()),
    [],
    /2 image inputs among "image".*"second".*export the model/,
  ],
  ["an operator without a rule", model(modelWithoutRule()), [], /Det.*has no gradient rule.*docs\/rules\.md/],
  [
    "labels of another size than the images",
    (folder) => writeFile(join(folder, "labels/photo1.png"), greyPng(8, 8, new Uint8Array(64))),
    [],
    /images\/photo1\.png has 16×16 pixels.*labels\/photo1\.png.*8×8; both must/,
  ],
  [
    "a label value out of range",
    (folder) => writeFile(join(folder, "labels/photo1.png"), greyPng(16, 16, new Uint8Array(256).fill(9))),
    [],
    /labels\/photo1\.png.* 9 .*--(classes|ignore-label)/,
  ],
  ["an empty folder", untouched, ["--data", "folder:nothing,labels"], /nothing.*(no such|missing|check)/i],
  ["a radius of 300", untouched, ["--eps", "300"], /--eps: radius "300".*300\/255/],
  [
    "an unknown attack",
    untouched,
    ["--attacks", "fgsm"],
    /--attacks: unknown attack "fgsm"; known are sea-2023/,
  ],
])("%s", async (_, change, flags, message) => {
  expect(await refusal(change, ...flags)).toMatch(message);
});

it.each(["1", "2"])(
  "an unreadable image in the middle of a run loses nothing (batches of %s)",
  async (size) => {
    const cwd = await sampleFolder({ images: 5 });
    const broken = join(cwd, "images/photo3.png");
    const whole = readFileSync(broken);
    await writeFile(broken, whole.subarray(0, 90));
    const run = [...shortEval, "--parallel", size, "--out", "run"];
    const { code, stderr } = await seawall(run, { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/images\/photo3\.png/);
    expect(stderr).not.toMatch(/\n\s+at /);
    const journal = () => readFileSync(join(cwd, "run/journal.jsonl"), "utf8");
    const kept = journal();
    expect(kept).toMatch(/"image":"photo2"/);

    await writeFile(broken, whole);
    expect((await seawall([...run, "--resume"], { cwd })).code).toBe(0);
    expect(journal().startsWith(kept)).toBe(true);
  },
);
