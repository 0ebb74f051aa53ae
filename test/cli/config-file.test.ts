/** Configuration files: every mistake with its line, and no file that hangs or harms. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { configJsonSchema, evaluationFlags, settingHelp, settings } from "../../src/cli/settings/flags.js";
import { readSettings } from "../../src/cli/settings/settings.js";
import { evaluationSchema } from "../../src/evaluate/index.js";
import { folderWith, seawall } from "./program.js";

const good = "model: m.onnx\ndata: folder:a,b\neps: 4/255\n";

/** What a configuration of this text becomes. */
async function read(name: string, text: string, given: Record<string, unknown> = {}) {
  const file = join(await folderWith({ [name]: text }), name);
  return readSettings(evaluationSchema, given, file);
}

/** The message about a configuration that must be refused, its folder left out. */
async function refusal(name: string, text: string, given: Record<string, unknown> = {}): Promise<string> {
  const error = await read(name, text, given).then(
    () => new Error("was accepted"),
    (thrown: Error & { code?: string }) => thrown,
  );
  expect(error).toMatchObject({ name: "SeawallError", code: "config" });
  return error.message.replaceAll(/\/\S*\//g, "");
}

describe("a file", () => {
  it("may be YAML, JSON or a module, and the line wins", async () => {
    const json = JSON.stringify({
      $schema: "x",
      model: "m.onnx",
      data: "folder:a,b",
      eps: "4/255",
      crop: [5, 6],
    });
    expect(await read("a.yaml", good, { steps: "7", eps: "1/255" })).toMatchObject({
      steps: 7,
      eps: "1/255",
    });
    expect(await read("a.json", json, { crop: "8x9" })).toMatchObject({ model: "m.onnx", crop: [8, 9] });
    expect(await read("a.json", json)).toMatchObject({ crop: [5, 6], steps: 300 });
    expect(await read("a.mjs", `export default ${json};`)).toMatchObject({ model: "m.onnx" });
    expect(await read("a.yml", `${good}bgr: true\n`, { bgr: false })).toMatchObject({ bgr: false });
  });

  it("gets all its mistakes listed, each with its line", async () => {
    const text = `${good}steps: -1\n# a remark\nbatch-size: 2\nlayout: chw\nshard:\n  index: 1\n  count: none\ncrop: 512x512\ngate: a\n`;
    expect(await refusal("camvid.yaml", text, { seed: "x" })).toMatchInlineSnapshot(`
      "7 mistakes in the settings:
        --seed: expected a whole number, got "x"
        camvid.yaml, line 4: steps: expected at least 1, got -1
        camvid.yaml, line 6: batch-size: unknown setting; did you mean parallel?
        camvid.yaml, line 7: layout: expected nchw or nhwc, got "chw"
        camvid.yaml, line 10: shard.count: expected a number, got "none"
        camvid.yaml, line 11: crop: expected a list of numbers, got "512x512"
        camvid.yaml, line 12: gate: expected a list, got "a""
    `);
  });

  it("may use the old name of a setting, which is said and keeps its line", async () => {
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    expect(await read("old.yaml", `${good}batchSize: 3\n`)).toMatchObject({ parallel: 3 });
    expect(await read("old.yaml", `${good}batchSize: 3\n`, { parallel: "2" })).toMatchObject({ parallel: 2 });
    const notice = /old\.yaml: batchSize is now called parallel; the old name still works for now\n$/;
    expect(stderr.mock.calls.map(([text]) => text)).toEqual([1, 2].map(() => expect.stringMatching(notice)));
    expect(await refusal("old.yaml", `${good}batchSize: none\n`)).toBe(
      'old.yaml, line 4: parallel: expected a number, got "none"',
    );
    stderr.mockRestore();
  });

  it("says where JSON is wrong", async () => {
    expect(
      await refusal("a.json", '{\n  "model": "m.onnx",\n  "data": 3,\n  "eps": 0.03\n}'),
    ).toMatchInlineSnapshot(`
      "2 mistakes in the settings:
        a.json, line 3: data: expected text (in quotes, where it looks like a number), got 3
        a.json, line 4: eps: expected text (in quotes, where it looks like a number), got 0.03"
    `);
  });

  it.each([
    ["a.yaml", "model: [1\nsteps: 2\n", /^a\.yaml, line \d: /],
    ["a.yaml", "model: a\nmodel: b\n", /^a\.yaml, line 2: Map keys must be unique/],
    ["a.json", '{"model": "a",}}', /^a\.json, line 1: /],
    ["a.yaml", "- 1\n- 2\n", /holds no settings/],
    ["a.yaml", "", /holds no settings/],
    ["a.yaml", "just words", /holds no settings/],
    ["a.mjs", "export const other = 1;", /holds no settings/],
    ["a.mjs", "throw new Error('broken inside');", /cannot be loaded \(broken inside\)/],
    ["a.toml", "model = 1", /expected one of \.yaml, \.yml, \.json, \.js, \.mjs/],
    ["a.yaml", `${"[".repeat(100_000)}`, /^a\.yaml/],
    ["a.yaml", "x".repeat(2 ** 16 + 1), /larger than 65536 bytes/],
  ])("is refused when it is none: %s %#", async (name, text, problem) => {
    expect(await refusal(name, text)).toMatch(problem);
  });

  it("cannot eat memory by repeating itself", async () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join()}]`,
    );
    expect(await refusal("bomb.yaml", `a0: &a0 [1]\n${levels.join("\n")}\n`)).toMatch(/^bomb\.yaml/);
  });

  it("cannot reach the prototype", async () => {
    expect(await refusal("a.json", '{"__proto__": {"model": "m"}, "constructor": 1}')).toMatch(
      /unknown setting/,
    );
    expect(await refusal("a.yaml", `${good}toString: 1\n`)).toBe("a.yaml, line 4: toString: unknown setting");
  });

  it("that is no configuration gets some of its mistakes listed, in time", async () => {
    const lines = Array.from({ length: 4000 }, (_, i) => `setting${i}: 1`);
    const start = performance.now();
    const message = await refusal("list.yaml", lines.join("\n"));
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(message).toMatch(
      /^4,003 mistakes in the settings, 30 of them:\n {2}list\.yaml, line 1: setting0: unknown/,
    );
    expect(message.split("\n")).toHaveLength(31);
    expect(await refusal("long.yaml", lines.join("\n").repeat(2))).toMatch(/larger than 65536 bytes/);
  });

  it("is named where a setting is missing", async () => {
    expect(await refusal("a.yaml", good.replace(/data.*\n/, ""))).toMatch(
      /^--data SPEC is missing, and a\.yaml has no data: /,
    );
  });

  it("is refused by the program with exit code 2", async () => {
    const cwd = await folderWith({ "run.yaml": `${good}stepps: 3\n` });
    const { code, stderr } = await seawall(["eval", "--config", "run.yaml"], { cwd });
    expect([code, stderr]).toEqual([2, "error: run.yaml, line 4: stepps: unknown setting\n"]);
  });
});

describe("settings", () => {
  it("each have a flag with a meaning", () => {
    expect(new Set(settings)).toEqual(new Set(Object.keys(evaluationSchema.shape)));
    for (const setting of settings) expect(settingHelp(setting).length).toBeGreaterThan(8);
    expect(Object.keys(evaluationFlags)).toEqual(settings);
  });

  it("have a JSON Schema that the build ships", () => {
    const shipped = JSON.parse(
      readFileSync(new URL("../../schema/eval.schema.json", import.meta.url), "utf8"),
    );
    expect(shipped).toEqual(configJsonSchema());
    expect(Object.keys(shipped.properties)).toEqual(["$schema", ...settings]);
    expect(shipped.additionalProperties).toBe(false);
  });
});

it("with an anchor inside its own value is refused by name", async () => {
  expect(await refusal("a.yaml", `${good}gate: &again\n  - *again\n`)).toMatch(
    /^a\.yaml: an anchor .* own value/,
  );
  expect(await refusal("a.yaml", "&root\nmodel: *root\n")).toMatch(/^a\.yaml: an anchor/);
});
