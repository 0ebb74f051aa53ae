/** The two tiers of exports: every name for users is in docs/library.md; all others are internals. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as seawall from "../../src/index.js";
import * as internals from "../../src/internals.js";

const root = new URL("../../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), "utf8");

/** The names that a file of re-exports gives out, types included. */
function exportedNames(file: string): string[] {
  const lists = [...read(file).matchAll(/^export (?:type )?\{([^}]*)\} from "[^"]+";/gm)];
  const entries = lists.flatMap(([, names]) => names!.split(",").map((name) => name.trim()));
  return entries.filter(Boolean).map((entry) => entry.replace(/^type /, "").replace(/^\w+ as /, ""));
}

const rows = read("docs/library.md")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|")[1]!);
const documented = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
const forUsers = exportedNames("src/index.ts");
const forExtenders = exportedNames("src/internals.ts");

describe("docs/library.md", () => {
  it("lists every name of `seawall`, once", () => {
    expect(documented.toSorted()).toEqual(forUsers.toSorted());
  });

  it("is about names that these tests see", () => {
    expect(Object.keys(seawall).filter((name) => !forUsers.includes(name))).toEqual([]);
    expect(Object.keys(internals).filter((name) => !forExtenders.includes(name))).toEqual([]);
    expect(forUsers.length).toBeGreaterThan(Object.keys(seawall).length);
  });
});

describe("the entry points", () => {
  it.each(["src/index.ts", "src/internals.ts"])("%s only re-exports", (file) => {
    const rest = read(file)
      .replace(/^\/\*\*.*?\*\/$/ms, "")
      .replace(/^export (?:type )?\{[^}]*\} from "[^"]+";$/gm, "");
    expect(rest.trim()).toBe("");
  });

  it("share no name", () => {
    expect(forExtenders.filter((name) => forUsers.includes(name))).toEqual([]);
  });

  it("give the examples all that they import", () => {
    const readme = read("examples/README.md");
    const examples = [...readme.matchAll(/\d\d-[\w-]+\.mjs/g)].map(([file]) => read(`examples/${file}`));
    expect(examples.length).toBeGreaterThan(5);
    const imported = examples.flatMap((text) =>
      [...text.matchAll(/import \{([^}]*)\} from "seawall";/g)].flatMap(([, names]) => names!.split(",")),
    );
    const used = examples.flatMap((text) => [...text.matchAll(/\bseawall\.(\w+)/g)].map(([, name]) => name!));
    const names = [...imported.map((name) => name.trim()), ...used];
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !forUsers.includes(name))).toEqual([]);
  });
});
