/** The rules of docs/architecture.md: imports follow its table, enter modules through their index, and form no cycle. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src");

interface Module {
  readonly name: string;
  readonly imports: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
}

/** The modules in the table of docs/architecture.md, in its order. */
function readTable(): Module[] {
  const text = readFileSync(join(root, "docs/architecture.md"), "utf8");
  const rows = text.split("\n").filter((line) => /^\| `\w+` \|/.test(line));
  const names: string[] = [];
  return rows.map((row) => {
    const [, first, , allowed] = row.split("|").map((cell) => cell.trim());
    const name = first!.replaceAll("`", "");
    const above = [...names];
    names.push(name);
    const listed =
      allowed === "–" ? [] : allowed === "all" ? above : allowed!.split(",").map((entry) => entry.trim());
    const types = listed.filter((entry) => entry.startsWith("types of ")).map((entry) => entry.slice(9));
    const imports = listed.filter((entry) => !entry.startsWith("types of "));
    for (const entry of [...types, ...imports])
      expect(above, `${name} may import ${entry}, which is not above it`).toContain(entry);
    return {
      name,
      imports: new Set([...imports, ...(name === "base" ? [] : ["base"])]),
      types: new Set(types),
    };
  });
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => join(source, file));

const statement =
  /^(?:import|export)\s+(type\s+)?([^;]*?)\s*from\s*"([^"]+)";|^import\s+"([^"]+)";|\bimport\("([^"]+)"\)/gms;

function importsOf(file: string): Import[] {
  return [...readFileSync(file, "utf8").matchAll(statement)].map((match) => {
    const [, type, names = "", from, bare, dynamic] = match;
    const listed =
      /\{([^}]*)\}/s
        .exec(names)?.[1]
        ?.split(",")
        .map((name) => name.trim())
        .filter(Boolean) ?? [];
    const allTypes =
      listed.length > 0 && listed.every((name) => name.startsWith("type ")) && /^\{/.test(names);
    return { from: file, to: (from ?? bare ?? dynamic)!, typeOnly: type !== undefined || allTypes };
  });
}

const target = ({ from, to }: Import) => resolve(dirname(from), to.replace(/\.js$/, ".ts"));
const moduleOf = (file: string) => relative(source, file).split("/")[0]!;
const inModule = (file: string) => relative(source, file).includes("/");
const imports = files.flatMap(importsOf);
const own = imports.filter(({ to }) => to.startsWith("."));
const isIndex = (file: string) => /^[^/]+\/index(\.node)?\.ts$/.test(relative(source, file));
/** Folders with one file for each row of a table, which may be large. */
const rowFolders = new Set(["src/cli/verbs", "src/evaluate/soundness", "src/loss", "src/autodiff/rules"]);
const name = (file: string) => relative(root, file);

describe("the source", () => {
  const modules = readTable();
  const byName = new Map(modules.map((module) => [module.name, module]));

  it("has every module of the table, and no other", () => {
    const folders = readdirSync(source, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(modules.length).toBeGreaterThan(10);
    expect(new Set(folders)).toEqual(new Set(modules.map((module) => module.name)));
  });

  it("imports modules only as the table says", () => {
    const wrong = own.filter((entry) => {
      const [from, to] = [moduleOf(entry.from), moduleOf(target(entry))];
      if (!inModule(entry.from) || from === to) return false;
      const module = byName.get(from);
      return !module?.imports.has(to) && !(entry.typeOnly && module?.types.has(to));
    });
    expect(wrong.map((entry) => `${name(entry.from)} → ${entry.to}`)).toEqual([]);
  });

  it("enters modules through their index", () => {
    const wrong = own.filter((entry) => {
      const crosses = inModule(entry.from) && moduleOf(entry.from) !== moduleOf(target(entry));
      return crosses && !/\/index(\.node)?\.js$/.test(entry.to);
    });
    expect(wrong.map((entry) => `${name(entry.from)} → ${entry.to}`)).toEqual([]);
  });

  it("imports files that exist", () => {
    expect(
      own.filter((entry) => !existsSync(target(entry))).map((entry) => `${name(entry.from)} → ${entry.to}`),
    ).toEqual([]);
  });

  it("has no cycle", () => {
    const edges = new Map(
      files.map((file) => [file, own.filter((entry) => entry.from === file).map(target)]),
    );
    expect(findCircle(edges)?.map(name)).toBeUndefined();
  });

  it("has no cycle between folders", () => {
    // The index of a module re-exports its parts; which modules import it is checked by the table.
    const inner = own.filter((entry) => !isIndex(entry.from) && !isIndex(target(entry)));
    const folders = new Map<string, string[]>();
    for (const entry of inner) {
      const [from, to] = [dirname(entry.from), dirname(target(entry))];
      if (from !== to) folders.set(from, [...(folders.get(from) ?? []), to]);
    }
    expect(findCircle(folders)?.map(name)).toBeUndefined();
  });

  it("keeps every folder small enough to be seen at a glance", () => {
    const counts = new Map<string, number>();
    for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    const large = [...counts].filter(([folder, count]) => count > 16 && !rowFolders.has(name(folder)));
    expect(large.map(([folder, count]) => `${name(folder)}: ${count}`)).toEqual([]);
  });

  it("keeps Node out of what runs in a page", () => {
    const needsNode = /^(node:|sharp$|onnxruntime-node$|cli-progress$|commander$)/;
    const wrong = imports.filter(({ from, to, typeOnly }) => {
      const page = inModule(from) && !from.endsWith(".node.ts") && moduleOf(from) !== "cli";
      return page && !typeOnly && (needsNode.test(to) || to.endsWith(".node.js"));
    });
    expect(wrong.map((entry) => `${name(entry.from)} → ${entry.to}`)).toEqual([]);
  });

  it("has one importer of each engine", () => {
    const engines = imports.filter(({ to, typeOnly }) => to.startsWith("onnxruntime") && !typeOnly);
    const importers = engines.map(({ from, to }) => `${name(from)} → ${to}`);
    expect(importers.sort()).toEqual([
      "src/runtime/ort.node.ts → onnxruntime-node",
      "src/runtime/ort.web.ts → onnxruntime-web/wasm",
      "src/runtime/ort.web.ts → onnxruntime-web/webgpu",
    ]);
  });

  it("opens every file with a sentence that says what it is", () => {
    const mute = files.filter((file) => !/^(#!.*\n)?\/\*\*\s+\S/.test(readFileSync(file, "utf8")));
    expect(mute.map(name)).toEqual([]);
  });
});

/** A list of files that import each other in a cycle; undefined if there is none. */
function findCircle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of edges.get(file) ?? []) {
      const circle = visit(next);
      if (circle) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const circle = visit(file);
    if (circle) return circle;
  }
  return undefined;
}
