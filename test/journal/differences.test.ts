/** Differences between descriptions, conditions and results, field by field; and canonical JSON. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, leaves, plainJson } from "../../src/base/index.js";
import {
  compareConditions,
  configHash,
  differences,
  resultDifferences,
  summarize,
} from "../../src/journal/index.js";
import { describeWith, recordsOf } from "./runs.js";

const json = fc.jsonValue({ maxDepth: 4 });
const plain = fc.object({
  maxDepth: 3,
  values: [fc.integer(), fc.string(), fc.boolean(), fc.constant(null)],
});

/** The value with the keys of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, part]) => [key, reversed(part)]));
}

describe("canonical JSON", () => {
  it("means the value it was written from", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(plainJson(value));
      }),
    );
  });

  it("does not depend on the order of keys, at any depth", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it("keeps the order of arrays, has no spaces and no undefined entry", () => {
    expect(canonicalJson({ b: [3, 1, { d: 1, c: undefined }], a: "x y" })).toBe(
      '{"a":"x y","b":[3,1,{"d":1}]}',
    );
  });

  it("differs where values differ", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const same = canonicalJson(a) === canonicalJson(b);
        fc.pre(!same);
        expect(plainJson(a)).not.toEqual(plainJson(b));
      }),
    );
  });
});

describe("differences", () => {
  it("of equals are none", () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(differences(value, structuredClone(value))).toEqual([]);
      }),
    );
  });

  it("name one changed leaf, with both values", () => {
    const stored = { a: { b: [1, "x", null] }, c: true };
    expect(differences(stored, { ...stored, c: false })).toEqual(["c: true stored, false now"]);
    expect(differences(stored, { ...stored, a: { b: [1, "y", null] } })).toEqual([
      'a.b.1: "x" stored, "y" now',
    ]);
    expect(differences(stored, { ...stored, a: { b: [1, "x"] } })).toEqual([
      "a.b.2: null stored, nothing now",
    ]);
    expect(differences({ c: true }, { c: "true" }, ["left", "right"])).toEqual([
      'c: true left, "true" right',
    ]);
  });

  it("are as many either way", () => {
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        expect(differences(a, b)).toHaveLength(differences(b, a).length);
      }),
    );
  });

  it("of a value and nothing are its leaves", () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(differences(value, {})).toHaveLength([...leaves(value).keys()].length);
      }),
    );
  });
});

describe("conditions of two runs", () => {
  const run = describeWith();

  it.each([
    [{ protocol: { seed: 7 } }, "protocol.seed: 0 in the first, 7 in the second"],
    [
      { protocol: { accounting: "authors" as const } },
      'protocol.accounting: "strict" in the first, "authors" in the second',
    ],
    [{ model: { classes: 5 } }, "model.classes: 4 in the first, 5 in the second"],
    [{ data: { images: 6 } }, "data.images: 5 in the first, 6 in the second"],
    [
      { data: { settings: { labels: "truth", size: 3 } } },
      "data.settings.size: nothing in the first, 3 in the second",
    ],
    [{ shard: { index: 0, count: 2 } }, 'shard: "none" in the first, "1/2" in the second'],
  ])("differ by %j", (change, sentence) => {
    expect(compareConditions(run, describeWith(change))).toEqual([sentence]);
  });

  it.each([
    [{ model: { sha256: "0".repeat(64), file: "other.onnx" } }],
    [{ model: { input: [1, 3, 8, 8] } }],
    [{ protocol: { attacks: "apgd:class-balanced-ce,apgd:mask-ce,apgd:js" } }],
    [{ versions: { node: "99" }, engine: { device: "cuda" } }],
    [{ data: { spec: "folder:moved,labels" } }],
  ])("do not differ by %j", (change) => {
    expect(compareConditions(run, describeWith(change))).toEqual([]);
  });
});

describe("the configuration's hash", () => {
  it("changes with each deciding setting and with no other", () => {
    const hash = (config: object) =>
      configHash({ config: { crop: 1, bgr: true, out: "x", ...config }, decidingSettings: ["crop", "bgr"] });
    expect(hash({ out: "y", more: 1 })).toBe(hash({}));
    expect(new Set([hash({}), hash({ crop: 2 }), hash({ bgr: false }), hash({ crop: "1" })]).size).toBe(4);
  });
});

describe("a stored result", () => {
  const run = describeWith();
  const records = recordsOf(run);
  const stored = summarize(run, records);

  it("that fits its journal has no differences, times and checks aside", () => {
    expect(resultDifferences(stored, run, records)).toEqual([]);
    const slower = { ...stored, cost: { ...stored.cost, seconds: 1e6 }, soundness: [] };
    expect(resultDifferences(slower, run, records)).toEqual([]);
  });

  it("is found out by any figure that was changed", () => {
    const paths = [...leaves({ clean: stored.clean, robust: stored.robust })].filter(
      ([, value]) => typeof value === "number",
    );
    expect(paths.length).toBeGreaterThan(50);
    for (const [path, value] of paths) {
      const changed = structuredClone(stored) as unknown as Record<string, unknown>;
      const keys = path.split(".");
      const parent = keys.slice(0, -1).reduce((part, key) => part[key] as Record<string, unknown>, changed);
      parent[keys.at(-1)!] = Number(value) + 1e-9;
      const found = resultDifferences(changed as unknown as typeof stored, run, records);
      expect(found).toHaveLength(1);
      expect(found[0]!.startsWith(`${path}: `)).toBe(true);
      expect(found[0]).toContain(`${JSON.stringify(value)} by the journal`);
    }
  });
});
