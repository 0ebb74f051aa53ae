/** `--surrogate`: attacks by the gradient of another model, as a process, on a quantised model. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writeModel } from "../../src/onnx/index.js";
import { tinyModel } from "../helpers/models.js";
import { convolutionalModel } from "../helpers/quantised.js";
import { sampleFolder, seawall } from "./program.js";

let cwd: string;
beforeAll(async () => {
  cwd = await sampleFolder({ images: 2 });
  await writeFile(join(cwd, "int8.onnx"), writeModel(convolutionalModel("integers")));
  await writeFile(join(cwd, "float.onnx"), writeModel(tinyModel({ classes: 3 })));
  await writeFile(
    join(cwd, "other.onnx"),
    writeModel(tinyModel({ classes: 3, after: (b, x) => b.mul(x, 2) })),
  );
});

const line = [
  ...["eval", "--model", "int8.onnx", "--data", "folder:images,labels", "--labels", "self"],
  ...["--classes", "3", "--eps", "16/255", "--attacks", "apgd:ce", "--steps", "4", "--out", "run"],
];
const run = (...more: string[]) => seawall([...line, ...more], { cwd });

it("adds a transferred attack, records the surrogate, and makes the records again", async () => {
  const { code, stderr } = await run("--surrogate", "float.onnx");
  expect(stderr).toContain("the gradient goes straight through rounding");
  expect(stderr).toMatch(/transfer:apgd:ce +0\.\d{4}/);
  expect(stderr).toMatch(/[✓!✗] transfer +transfer:apgd:ce at 16\/255 leaves/);
  expect(code).toBe(0);
  const description = JSON.parse(readFileSync(join(cwd, "run/run.json"), "utf8"));
  expect(description.surrogate).toMatchObject({
    file: "float.onnx",
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const journal = readFileSync(join(cwd, "run/journal.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text));
  const [own, transferred] = ["apgd:ce", "transfer:apgd:ce"].map((attack) =>
    journal.find((record) => record.attack === attack),
  );
  expect(own.backward).toBe(transferred.backward);
  expect(transferred.forward).toBe(own.forward + own.backward);

  const verified = await seawall(["verify", "run", "--sample", "9"], { cwd });
  expect([verified.code, verified.stderr]).toEqual([0, expect.stringContaining("match: 6 of 6")]);
  const resumed = await run("--surrogate", "other.onnx", "--resume");
  expect([resumed.code, resumed.stderr]).toEqual([
    2,
    expect.stringMatching(/surrogate: "[0-9a-f]{64}" stored, "[0-9a-f]{64}" now/),
  ]);
});

it("is refused where it cannot serve", async () => {
  const refusal = async (...more: string[]) => {
    const { code, stderr } = await run(...more, "--dry-run");
    return `${code} ${stderr}`;
  };
  expect(await refusal("--attacks", "transfer:apgd:ce")).toMatch(/^2 .*name its file with --surrogate FILE/s);
  expect(await refusal("--attacks", "square", "--surrogate", "float.onnx")).toMatch(
    /^2 .*follows a gradient; add one/s,
  );
  expect(await refusal("--surrogate", "model.onnx")).toMatch(
    /^2 .*--surrogate model\.onnx: .*a surrogate takes the same images.*and has the same classes/s,
  );
});
