/** A plan as it is sent to workers, and what they check before they work for it. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../../src/base/index.js";
import { type EvaluationInput, parseConfig } from "../../../src/evaluate/index.js";
import { makePlan } from "../../../src/evaluate/plan/plan.node.js";
import { planOf, setupOf } from "../../../src/evaluate/queue/setup.node.js";
import type { QueueContent } from "../../../src/queue/index.js";
import { sampleFolder } from "../../cli/program.js";

let folder: string;
const at = (name: string) => join(folder, name);

const plugin = `export default { name: "my", ensembles: { two: { members: [{ attack: "noise" }], source: "us" } } };\n`;

async function setupWith(change: Partial<EvaluationInput> = {}): Promise<QueueContent> {
  const data = `folder:${at("images")},${at("labels")}`;
  const settings = { classes: 4, ignoreLabel: 255, eps: "2/255", attacks: "apgd:ce", steps: 5, ...change };
  const { head, parts } = await setupOf(
    await makePlan(parseConfig({ model: at("model.onnx"), data, ...settings })),
  );
  return { head: JSON.parse(JSON.stringify(head)), parts };
}

/** Trusted: the program of a trial is built, and these are sources. */
const none = { models: [], plugins: [], trusted: true };

beforeAll(async () => {
  folder = await sampleFolder({ images: 1 });
  copyFileSync(at("model.onnx"), at("copy.onnx"));
  writeFileSync(at("my.mjs"), plugin);
  writeFileSync(at("same.mjs"), plugin);
  writeFileSync(at("changed.mjs"), plugin.replace("noise", "apgd:ce"));
});

describe("a sent plan", () => {
  it("has all that an attack needs, and no file or setting of the coordinator's", async () => {
    const setup = await setupWith({ out: at("run"), threads: 1, parallel: 3, trace: 2, seeds: 2 });
    expect(JSON.stringify(setup.head)).not.toContain(folder);
    expect(setup.head).toEqual((await setupWith({ out: at("other"), trace: 2, seeds: 2 })).head);
    const plan = await planOf(setup, { ...none, threads: 2, parallel: 1 });
    expect(plan.config).toMatchObject({
      eps: "2/255",
      steps: 5,
      seeds: 2,
      trace: 2,
      threads: 2,
      parallel: 1,
    });
    const { prepared } = await plan.model.at({ height: 16, width: 16 });
    expect(prepared).toMatchObject({ classes: 4, height: 16, width: 16 });
  });

  it("of a model that is too large to send needs a worker's own copy of the same hash", async () => {
    const { head } = await setupWith();
    const large = { head, parts: {} };
    const digest = sha256(readFileSync(at("model.onnx")));
    await expect(planOf(large, none)).rejects.toThrow(
      `the run attacks model.onnx with SHA-256 ${digest}, which is too large to be sent; give this worker its own copy with --model FILE`,
    );
    writeFileSync(at("other.onnx"), Buffer.concat([readFileSync(at("model.onnx")), Buffer.from([0x12, 0])]));
    const other = sha256(readFileSync(at("other.onnx")));
    await expect(planOf(large, { ...none, models: [at("other.onnx")] })).rejects.toThrow(
      `${digest}, which is too large to be sent; ${at("other.onnx")} has ${other}; give`,
    );
    const plan = await planOf(large, { ...none, models: [at("other.onnx"), at("copy.onnx")] });
    expect((await plan.model.at({ height: 16, width: 16 })).classes).toBe(4);
  });

  it("needs the worker's own copy of a plugin, whose code is never sent", async () => {
    const setup = await setupWith({ plugin: [at("my.mjs")], attacks: "my:two" });
    expect(JSON.stringify(setup)).not.toContain("members");
    const digest = sha256(plugin);
    await expect(planOf(setup, none)).rejects.toThrow(
      `the run uses the plugin "my" (SHA-256 ${digest}), which is never sent; give this worker the same file with --plugin FILE`,
    );
    await expect(planOf(setup, { ...none, plugins: [at("changed.mjs")] })).rejects.toThrow(
      new RegExp(`plugin "my" has SHA-256 ${digest}, and the file given here [0-9a-f]{64}; give`),
    );
    expect((await planOf(setup, { ...none, plugins: [at("same.mjs")] })).config.plugin).toEqual([
      at("same.mjs"),
    ]);
  });

  it("is refused by another version, and where it is damaged", async () => {
    const { head, parts } = await setupWith();
    const changed = (more: object) => planOf({ head: { ...(head as object), ...more }, parts }, none);
    await expect(changed({ versions: { seawall: "9.9.9" } })).rejects.toThrow(
      /the run is made by seawall 9\.9\.9 and onnxruntime-node of no version, and this is seawall .*; install the same version/,
    );
    await expect(changed({ size: { height: 1e9, width: 1 } })).rejects.toThrow(
      /the run in the queue: size\.height/,
    );
    await expect(changed({ settings: { eps: "x" } })).rejects.toThrow(/eps/);
    await expect(changed({ settings: { eps: "1/255", out: ["/etc"] } })).rejects.toThrow(/out/);
  });
});
