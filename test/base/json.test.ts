/** JSON for files, for hashes, and checked against schemas. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  canonicalJson,
  checkJson,
  checkSettings,
  describeIssues,
  formatJson,
  jsonObject,
  leaves,
  parseJson,
  plainJson,
  SeawallError,
} from "../../src/base/index.js";

const schema = z.object({ a: z.number(), b: z.object({ c: z.string() }) });

function errorOf(run: () => unknown): SeawallError {
  try {
    run();
  } catch (error) {
    if (error instanceof SeawallError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("formatted for files", () => {
  it("keeps the order of keys, indents by two spaces and ends with a newline", () => {
    expect(formatJson({ b: 1, a: [true] })).toBe('{\n  "b": 1,\n  "a": [\n    true\n  ]\n}\n');
  });

  it("reads back as the same value, without undefined entries", () => {
    expect(plainJson({ a: undefined, b: [undefined, 1] })).toEqual({ b: [null, 1] });
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(formatJson(value))).toEqual(plainJson(value));
      }),
    );
  });
});

describe("canonical for hashes", () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, part]) => [key, reversed(part)]),
    );
  };

  it("is the same for keys in another order, at any depth", () => {
    expect(canonicalJson({ b: { d: 1, c: 2 }, a: 0 })).toBe('{"a":0,"b":{"c":2,"d":1}}');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => canonicalJson(value) === canonicalJson(reversed(value))),
    );
  });

  it("differs for lists in another order", () => {
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });
});

it("leaves are listed by path; an empty object or list has none", () => {
  expect([...leaves({ model: { input: [1, null] }, name: "x", empty: {}, none: [] })]).toEqual([
    ["model.input.0", 1],
    ["model.input.1", null],
    ["name", "x"],
  ]);
  expect([...leaves(5)]).toEqual([["", 5]]);
});

describe("checked when read", () => {
  it("returns what fits the schema", () => {
    expect(parseJson(schema, '{"a": 1, "b": {"c": "x"}}', "run.json")).toEqual({ a: 1, b: { c: "x" } });
    expect(checkJson(jsonObject, { any: ["thing", 1] }, "run.json")).toEqual({ any: ["thing", 1] });
  });

  it("names the place of a text that is not JSON", () => {
    const error = errorOf(() => parseJson(schema, '{"a": 1', "run.json, line 3"));
    expect(error.code).toBe("journal");
    expect(error.message).toMatch(/^run\.json, line 3: not JSON \(/);
  });

  it("names the place and the path of a value that does not fit", () => {
    const error = errorOf(() => parseJson(schema, '{"a": 1, "b": {"c": 2}}', "run.json"));
    expect(error.code).toBe("journal");
    expect(error.message).toMatch(/^run\.json: b\.c: .*expected string/);
  });

  it("refuses nesting that would exhaust the stack", () => {
    const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    expect(errorOf(() => parseJson(jsonObject, deep, "run.json")).message).toMatch(
      /^run\.json: (nested too deeply|not JSON \()/,
    );
  });
});

describe("settings", () => {
  const settings = z.object({
    steps: z.int().default(300),
    eps: z.array(z.string()),
    seed: z.int().optional(),
  });

  it("are filled in with defaults", () => {
    expect(checkSettings(settings, { eps: ["4/255"] })).toEqual({ steps: 300, eps: ["4/255"] });
  });

  it("report all mistakes at once, one on a line, each with its setting", () => {
    const error = errorOf(() => checkSettings(settings, { steps: 1.5, eps: [1], seed: "x" }));
    expect(error.code).toBe("config");
    expect(error.message.split("\n  ").map((line) => line.split(":")[0])).toEqual(["steps", "eps.0", "seed"]);
    expect(errorOf(() => checkSettings(settings, 5)).message).toMatch(/^configuration: /);
  });
});

it("describeIssues shows three issues and counts the others", () => {
  const { error } = z.array(z.number()).safeParse(["a", "b", "c", "d", "e"]);
  const text = describeIssues(error!.issues);
  expect(text).toMatch(/^0: .*; 1: .*; 2: .*; and 2 more$/);
  expect(describeIssues(error!.issues.slice(0, 3))).not.toContain("more");
});
