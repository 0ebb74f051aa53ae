/** One word, one thing: every exported name is defined once under src; re-exports do not count. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const source = fileURLToPath(new URL("../src", import.meta.url));
const definition =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type|enum) (\w+)/gm;

it("defines every exported name once", () => {
  const places = new Map<string, Set<string>>();
  for (const file of readdirSync(source, { recursive: true, encoding: "utf8" })) {
    // A file for browsers stands in the place of the one for Node, under its names.
    if (!file.endsWith(".ts") || file.endsWith(".web.ts")) continue;
    for (const [, name] of readFileSync(join(source, file), "utf8").matchAll(definition))
      places.set(name!, (places.get(name!) ?? new Set()).add(file));
  }
  expect(places.size).toBeGreaterThan(500);
  const repeated = [...places].filter(([, files]) => files.size > 1).map(([name]) => name);
  expect(repeated).toEqual([]);
});
