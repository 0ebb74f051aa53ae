/**
 * Compares two dumps of `main.mjs`:
 *
 *     node tools/dump/compare.mjs A B [--lines 24] [--counts ignore]
 *
 * Prints "identical" (exit code 0), or the scenarios, files and graphs that differ (exit code 1). Graphs that differ only
 * in names and order are reported as renamed. Other graphs are shown as a short unified diff of their node lists.
 * Changed sentences (files `.words`) are shown, too. `--counts ignore` ignores how often a graph's sessions were opened.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { canonicalHash, canonicalLines } from "./canonical.mjs";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { lines: { type: "string", default: "24" }, counts: { type: "string", default: "compare" } },
});
const [a, b] = positionals;
if (!a || !b || !existsSync(a) || !existsSync(b))
  throw new Error("usage: compare.mjs A B, two folders of dumps");

const names = [...new Set([...readdirSync(a), ...readdirSync(b)])].sort();
const reports = names
  .map((name) => [name, scenarioDifferences(name)])
  .filter(([, found]) => found.length > 0);
for (const [name, found] of reports) console.log([`== ${name}`, ...found, ""].join("\n"));
console.log(reports.length === 0 ? `identical: ${names.length} scenarios` : summary());
process.exitCode = reports.length === 0 ? 0 : 1;

function summary() {
  const list = reports.map(([name, found]) => `  ${name}: ${kinds(found)}`);
  return [`${reports.length} of ${names.length} scenarios differ`, ...list].join("\n");
}

/** A short list of the differences: the heads of the findings, without details. */
function kinds(found) {
  const heads = found
    .filter((line) => !line.startsWith(" "))
    .map((line) => line.split(":")[0].replace(/ [0-9a-f]{16}.*/, ""));
  const counts = new Map();
  for (const head of heads) counts.set(head, (counts.get(head) ?? 0) + 1);
  return [...counts].map(([head, count]) => (count > 1 ? `${head} (${count})` : head)).join(", ");
}

function scenarioDifferences(name) {
  const [first, second] = [join(a, name), join(b, name)];
  if (!existsSync(first)) return ["scenario: only in B"];
  if (!existsSync(second)) return ["scenario: only in A"];
  return [
    ...fileDifferences("exits.json", join(first, "exits.json"), join(second, "exits.json")),
    ...folderDifferences(join(first, "files"), join(second, "files")),
    ...graphDifferences(first, second),
  ];
}

function folderDifferences(first, second) {
  const files = [...new Set([...readdirSync(first), ...readdirSync(second)])].sort();
  return files.flatMap((file) => {
    const [left, right] = [join(first, file), join(second, file)];
    if (!existsSync(left)) return [`file ${file}: only in B`];
    if (!existsSync(right)) return [`file ${file}: only in A`];
    return fileDifferences(file, left, right);
  });
}

function fileDifferences(file, left, right) {
  const [was, is] = [readFileSync(left, "utf8"), readFileSync(right, "utf8")];
  if (was === is) return [];
  if (file.endsWith(".onnx.txt"))
    return [`written graph ${file}: ${graphVerdict(was, is)}`, ...graphDiff(was, is)];
  return [`file ${file}: differs`, ...shortDiff(was.split("\n"), is.split("\n"))];
}

/** Compares graphs by hash. A graph on one side only is paired with the most similar one on the other side. */
function graphDifferences(first, second) {
  const [left, right] = [first, second].map((folder) =>
    JSON.parse(readFileSync(join(folder, "list.json"), "utf8")),
  );
  const hashes = (list) => new Set(list.graphs.map(({ hash }) => hash));
  const [before, after] = [hashes(left), hashes(right)];
  const read = (folder, { hash }) => ({
    hash,
    text: readFileSync(join(folder, "graphs", `${hash}.txt`), "utf8"),
  });
  const gone = left.graphs
    .filter(({ hash }) => !after.has(hash))
    .map((graph) => ({ ...graph, ...read(first, graph) }));
  const come = right.graphs
    .filter(({ hash }) => !before.has(hash))
    .map((graph) => ({ ...graph, ...read(second, graph) }));
  return [
    ...pairs(gone, come).flatMap(([was, is]) => pairReport(was, is)),
    ...sessionDifferences(left.sessions, right.sessions, before, after),
  ];
}

function pairReport(was, is) {
  if (!is) return [`graph gone ${was.hash}: ${describe(was)}`];
  if (!was) return [`graph new ${is.hash}: ${describe(is)}`];
  const verdict = graphVerdict(was.text, is.text);
  const head = isSame(verdict) ? "graph renamed" : "graph changed";
  return [
    `${head} ${was.hash} → ${is.hash}: ${describe(was)}; ${verdict}`,
    ...(isSame(verdict) ? [] : graphDiff(was.text, is.text)),
  ];
}

function describe({ name, nodes, inputs, outputs }) {
  const results = `${outputs.length} outputs (${outputs.slice(0, 4).join(", ")})`;
  return `"${name}", ${nodes} nodes, ${inputs.slice(0, 4).join(", ")} → ${results}`;
}

function isSame(verdict) {
  return verdict.startsWith("same");
}

function graphVerdict(was, is) {
  if (canonicalHash(was) === canonicalHash(is))
    return "same nodes: only inner names, order, graph name or metadata differ";
  if (canonicalHash(was, true) === canonicalHash(is, true))
    return "same nodes: only names differ, of inputs or outputs too";
  return "other nodes, attributes, constants or types";
}

/** Pairs equal computations first, then the most similar by operators, inputs and outputs. */
function pairs(gone, come) {
  const [left, found] = [[...come], []];
  const take = (isMatch) => {
    for (const was of [...gone]) {
      const at = left.findIndex((is) => isMatch(was, is));
      if (at < 0) continue;
      found.push([was, ...left.splice(at, 1)]);
      gone.splice(gone.indexOf(was), 1);
    }
  };
  take((was, is) => canonicalHash(was.text) === canonicalHash(is.text));
  take((was, is) => canonicalHash(was.text, true) === canonicalHash(is.text, true));
  for (const was of gone) {
    const nearest = left.map((is) => [distance(was, is), is]).sort(([x], [y]) => x - y)[0];
    const isNear = nearest && nearest[0] < 0.5;
    if (isNear) left.splice(left.indexOf(nearest[1]), 1);
    found.push([was, isNear ? nearest[1] : undefined]);
  }
  return [...found, ...left.map((is) => [undefined, is])];
}

/** Distance of two graph texts: 0 if all kinds of lines and operators occur equally often, 1 if none is in common. */
function distance(was, is) {
  const [left, right] = [was, is].map(({ text, inputs, outputs }) => {
    const counts = new Map();
    const items = [...text.matchAll(/^node \["([^"]*)/gm)].map(([, op]) => op);
    for (const item of [...items, ...inputs, ...outputs]) counts.set(item, (counts.get(item) ?? 0) + 1);
    return counts;
  });
  let [apart, total] = [0, 0];
  for (const item of new Set([...left.keys(), ...right.keys()])) {
    const [x, y] = [left.get(item) ?? 0, right.get(item) ?? 0];
    apart += Math.abs(x - y);
    total += Math.max(x, y);
  }
  return apart / total;
}

/** Compares how often, and with which optimization, the graphs that both dumps hold were opened. */
function sessionDifferences(left, right, before, after) {
  const key = ({ hash, optimization }) => `${hash} optimization ${optimization}`;
  const [was, is] = [left, right].map((list) => new Map(list.map((one) => [key(one), one.count])));
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((one) => {
    const hash = one.slice(0, 16);
    const [x, y] = [was.get(one), is.get(one)];
    if (x === y || !before.has(hash) || !after.has(hash)) return [];
    if (x !== undefined && y !== undefined && flags.counts === "ignore") return [];
    return [`sessions ${one}: opened ${x ?? 0} → ${y ?? 0} times`];
  });
}

/** The shortest of three diffs: of the texts, of the texts with positions for names, and of the operators alone. */
function graphDiff(was, is) {
  const forms = [
    (text) => text.trim().split("\n"),
    (text) => canonicalLines(text),
    (text) => canonicalLines(text, true),
  ];
  const diffs = forms.map((form) => diffLines(form(was), form(is))).filter((lines) => lines.length > 0);
  const changes = (lines) => lines.filter((line) => /^[-+]/.test(line)).length;
  return cut(diffs.sort((x, y) => changes(x) - changes(y))[0] ?? []);
}

function shortDiff(was, is) {
  return cut(diffLines(was, is));
}

function diffLines(was, is) {
  const folder = mkdtempSync(join(tmpdir(), "seawall-compare-"));
  try {
    const files = [was, is].map((lines, i) => {
      const file = join(folder, `${i}`);
      writeFileSync(file, `${lines.join("\n")}\n`);
      return file;
    });
    const args = ["diff", "--no-index", "--no-color", "--no-ext-diff", "--minimal", "-U1", ...files];
    const { stdout, error } = spawnSync("git", args, { encoding: "utf8", maxBuffer: 2 ** 29 });
    if (error) throw error;
    return stdout.split("\n").slice(4).filter(Boolean);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function cut(lines) {
  const most = Number(flags.lines);
  const shown = lines
    .slice(0, most)
    .map((line) => `    ${line.length > 160 ? `${line.slice(0, 159)}…` : line}`);
  return lines.length > most ? [...shown, `    … ${lines.length - most} more lines`] : shown;
}
