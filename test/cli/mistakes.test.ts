/** Mistakes in settings: their words, the flag that was meant, and which source wins when settings are joined. */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readConfigFile } from "../../src/cli/settings/config-file.js";
import { settings } from "../../src/cli/settings/flags.js";
import { mistakesOf } from "../../src/cli/settings/mistakes.js";
import { readSettings } from "../../src/cli/settings/settings.js";
import { whole } from "../../src/cli/settings/values.js";
import { folderWith } from "./program.js";

const known = Object.fromEntries(settings.map((setting) => [setting, setting]));

/** The mistakes that a schema finds in a value, as lines. */
function said(schema: z.ZodType, value: unknown): string[] {
  const issues = schema.safeParse(value).error?.issues ?? [];
  const mistakes = issues.flatMap((issue) => mistakesOf(issue, value, known));
  return mistakes.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("an unknown setting", () => {
  const schema = z.strictObject({ inner: z.strictObject({}).optional() });

  it("is taken for the setting that it spells with other marks and capitals", () => {
    const spellings = fc.tuple(fc.constantFrom(...settings), fc.constantFrom("-", "_", ""), fc.boolean());
    fc.assert(
      fc.property(spellings, ([setting, mark, loud]) => {
        const marked = setting.replace(/[A-Z]/g, (letter) => `${mark}${letter}`);
        const key = `${loud ? marked.toUpperCase() : marked.toLowerCase()}_`;
        expect(said(schema, { [key]: 1 })).toEqual([`${key}: unknown setting; did you mean ${setting}?`]);
      }),
    );
  });

  it("is not guessed at where letters differ, or inside another setting", () => {
    expect(said(schema, { stepz: 1, ste: 2 })).toEqual(["stepz: unknown setting", "ste: unknown setting"]);
    expect(said(schema, { inner: { "re-sume": 1 } })).toEqual(["inner.re-sume: unknown setting"]);
  });
});

describe("a wrong value", () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.boolean(), "yes", ': expected true or false, got "yes"'],
    [z.number().int(), 1.5, ": expected a whole number, got 1.5"],
    [z.number().max(3), 4, ": expected at most 3, got 4"],
    [z.array(z.number()).min(2), [1], ": expected at least 2 entries, got [1]"],
    [z.string().min(1), "", ': expected text, got ""'],
    [z.enum(["a", "b"]), null, ": expected a or b, got null"],
    [z.union([z.number(), z.string()]), true, ": expected a number or text, got true"],
    [z.object({ a: z.object({ b: z.number() }) }), { a: {} }, "a.b: expected a number, got nothing"],
    [z.object({ a: z.object({}) }), { a: [1] }, "a: expected settings of its own, got [1]"],
    [z.number().refine(() => false, "own words"), 1, ": own words"],
  ])("is told with what was expected %#", (schema, value, line) => {
    expect(said(schema, value)).toEqual([line]);
  });
});

it("lets the line win over the file, and the file over the default, for every setting by itself", async () => {
  const names = ["one", "twoWords", "three"] as const;
  const flags = Object.fromEntries(names.map((name) => [name, { value: "N", read: whole, group: "All" }]));
  const fields = Object.fromEntries(names.map((name) => [name, z.number().default(0)]));
  const schema = z.strictObject(fields);
  const subset = fc.subarray([...names]);
  await fc.assert(
    fc.asyncProperty(subset, subset, async (onLine, inFile) => {
      const text = JSON.stringify(Object.fromEntries(inFile.map((name) => [name, 1])));
      const file = join(await folderWith({ "a.json": text }), "a.json");
      const given = Object.fromEntries(onLine.map((name) => [name, "2"]));
      const expected = names.map((name) => (onLine.includes(name) ? 2 : inFile.includes(name) ? 1 : 0));
      const joined = await readSettings(schema, given, file, { flags, fields });
      expect(names.map((name) => joined[name])).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

it("knows the line of each setting, however deep, and of the nearest part of what is not there", async () => {
  const text =
    "# a remark\n\nshard:\n  index: 1\n  # another\n  count: 4\ngate:\n  - a\n  -\n    b\ncrop: [1, 2]\n";
  const { lineOf } = await readConfigFile(join(await folderWith({ "a.YAML": text }), "a.YAML"));
  const paths = [["shard"], ["shard", "index"], ["shard", "count"], ["gate", 0], ["gate", 1], ["crop", 1]];
  expect(paths.map(lineOf)).toEqual([3, 4, 6, 8, 10, 11]);
  expect([["shard", "other"], ["gate", 7], ["none"], []].map(lineOf)).toEqual([3, 7, undefined, undefined]);
});
