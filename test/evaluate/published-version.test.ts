/** `--protocol authors` follows the published code of the ensemble that is asked for. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { runEvaluation } from "../../src/evaluate/index.node.js";
import { readRun } from "../../src/journal/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { folderWith, rgbPng } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";

it.each([
  ["sea-2023", "authors", "2023"],
  ["apgd:ce", "authors", "2024"],
  ["sea-2023", "strict", undefined],
] as const)("%s with %s: %s", async (attacks, protocol, version) => {
  const pixels = Uint8Array.from({ length: 3 * 12 * 16 }, (_, i) => Math.abs(Math.sin(i)) * 255);
  const root = await folderWith({
    "model.onnx": writeModel(tinyModel()),
    "images/a.png": rgbPng(12, 16, pixels),
  });
  const out = join(root, "run");
  await runEvaluation({
    ...{ model: join(root, "model.onnx"), data: `folder:${join(root, "images")}`, labels: "self" },
    ...{ eps: "1/255", steps: 1, attacks, protocol, out },
  });
  expect(readRun(out).description.protocol.publishedVersion).toBe(version);
});
