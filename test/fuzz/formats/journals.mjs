/** Run folders: the journal, run.json and result.json, read by every verb that reads runs. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withIdentity } from "../../../dist/journal/description.js";
import { sealedText } from "../../../dist/journal/folder/files.js";
import { linesOf, partLine } from "../../../dist/journal/lines/seal.js";
import { damaged } from "../mutations/bytes.mjs";
import { damagedTree } from "../mutations/tree.mjs";
import { texts } from "../mutations/values.mjs";
import { classes, dataFiles, plainModel, writeFiles } from "./material.mjs";

const program = fileURLToPath(new URL("../../../dist/bundle/main.js", import.meta.url));
const evaluation = [
  ...["eval", "--model", "model.onnx", "--data", "folder:images,labels", "--classes", String(classes)],
  ...["--eps", "2/255,8/255", "--attacks", "apgd:ce,noise", "--steps", "2", "--parallel", "1"],
];
const folders = { run: [], shard1: ["--shard", "1/2"], shard2: ["--shard", "2/2"] };
const runFiles = ["run.json", "journal.jsonl", "result.json"];

/** A finished run and its two shards, with the model and the data that they are of. */
export async function material() {
  const top = mkdtempSync(join(tmpdir(), "seawall-fuzz-runs-"));
  try {
    const inputs = { "model.onnx": plainModel(), ...dataFiles(3) };
    writeFiles(top, inputs);
    const start = ([out, flags]) =>
      promisify(execFile)(process.execPath, [program, ...evaluation, "--out", out, ...flags], { cwd: top });
    await Promise.all(Object.entries(folders).map(start));
    const stored = Object.keys(folders).flatMap((folder) => runFiles.map((file) => `${folder}/${file}`));
    return {
      inputs,
      runs: Object.fromEntries(stored.map((path) => [path, readFileSync(join(top, path), "utf8")])),
    };
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

/** Command lines that read a run, how often each is run, and the folders whose damage they meet. */
const readers = [
  [4, ["report", "run", "--format", "html,csv,junit"], ["run"]],
  [2, ["report", "run", "--gate", "worst.mIoU@2/255>=0.1"], ["run"]],
  [4, ["merge", "shard1", "shard2", "--out", "merged"], ["shard1", "shard2"]],
  [4, ["compare", "run", "copy", "--json"], ["run"]],
  [4, ["view", "."], ["run", "shard1"]],
  [1, ["verify", "run", "--sample", "1"], ["run"]],
  [1, [...evaluation, "--out", "run", "--resume"], ["run"]],
];
const lines = readers.flatMap(([times, ...reader]) => Array.from({ length: times }, () => reader));

export function makeCase({ inputs, runs }, chance) {
  const [args, damageable] = chance.of(lines);
  const folder = chance.of(damageable);
  const copy = Object.fromEntries(runFiles.map((file) => [`copy/${file}`, runs[`run/${file}`]]));
  const { mutation, files } = mutated(folder, runs, chance);
  return {
    mutation: `${folder}: ${mutation}, ${args[0]}`,
    files: { ...inputs, ...runs, ...(args[0] === "compare" && copy), ...files },
    args,
    named: [...runFiles.map((file) => `${folder}/${file}`), `${folder}:`, `${folder} (`, "run and copy:"],
    valid: isSafe,
  };
}

/** Texts of a run stand in pages as text, and no figure of a table is anything but a number. */
function isSafe(printed, folder) {
  const pages = [printed, writtenIn(folder, "run/report.html"), writtenIn(folder, "merged/report.html")];
  const isText = pages.every((page) => !/<img src=x|<script>alert/.test(page));
  return isText && !/\b(?:NaN|undefined)\b/.test(writtenIn(folder, "run/report.csv"));
}

/** A file that the program may have written. */
function writtenIn(folder, path) {
  const file = join(folder, path);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Files of a run folder in its damaged form. */
function mutated(folder, runs, chance) {
  const path = (file) => `${folder}/${file}`;
  const file = chance.of(["journal.jsonl", "journal.jsonl", "run.json", "result.json"]);
  const text = runs[path(file)];
  if (chance.is(0.25)) {
    const { name, value } = damaged(Buffer.from(text), chance);
    return { mutation: `${file}: ${name}`, files: { [path(file)]: value } };
  }
  if (file === "journal.jsonl") {
    const { identity } = JSON.parse(runs[path("run.json")]);
    const { name, value } = chance.mutate(journalMutations, text, identity);
    return { mutation: `${file}: ${name}`, files: { [path(file)]: value } };
  }
  const { seal, ...value } = JSON.parse(text);
  const { name, path: place } = damagedTree(value, chance);
  const described = `${file}: ${name} at ${place.slice(0, 80)}`;
  if (chance.is(0.4))
    return { mutation: described, files: { [path(file)]: JSON.stringify({ ...value, seal }) } };
  const sealedFiles =
    file === "run.json" ? sealedRun(folder, value, runs) : sealedResult(folder, value, runs);
  return { mutation: `${described}, sealed anew`, files: sealedFiles };
}

function sealedResult(folder, result, runs) {
  const { identity } = JSON.parse(runs[`${folder}/run.json`]);
  return { [`${folder}/result.json`]: sealedText(identity, result) };
}

/** A changed run.json with the identity of its content, and the journal sealed with it. */
function sealedRun(folder, { identity: _, ...description }, runs) {
  const file = `${folder}/run.json`;
  try {
    const renewed = withIdentity(description);
    const journal = linesOf(renewed.identity, recordsIn(runs[`${folder}/journal.jsonl`])).join("");
    return { [file]: sealedText(renewed.identity, renewed), [`${folder}/journal.jsonl`]: journal };
  } catch {
    return { [file]: JSON.stringify(description) }; // What it has no longer makes an identity.
  }
}

/** The records of a journal, without their seals. */
function recordsIn(journal) {
  return journal
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(partLine(line).body));
}

/** A mutation of the lines of a journal. */
const ofLines = (change) => (text, _, chance) => {
  const lines = text.split("\n").slice(0, -1);
  change(lines, chance);
  return `${lines.join("\n")}\n`;
};

const journalMutations = {
  "a field, sealed anew": (text, identity, chance) => {
    const records = recordsIn(text);
    damagedTree(chance.of(records), chance);
    return linesOf(identity, records).join("");
  },
  "two fields, sealed anew": (text, identity, chance) => {
    const records = recordsIn(text);
    for (let i = 0; i < 2; i++) damagedTree(records, chance);
    return linesOf(
      identity,
      records.filter((record) => typeof record === "object" && record),
    ).join("");
  },
  "a field": ofLines((lines, chance) => {
    const i = chance.below(lines.length);
    const record = JSON.parse(lines[i]);
    damagedTree(record, chance);
    lines[i] = JSON.stringify(record);
  }),
  "a line removed": ofLines((lines, chance) => lines.splice(chance.below(lines.length), 1)),
  "a line twice": ofLines((lines, chance) => lines.splice(chance.below(lines.length), 0, chance.of(lines))),
  "lines in another order": ofLines((lines, chance) =>
    lines.splice(0, lines.length, ...chance.shuffled(lines)),
  ),
  "a line that is no record": ofLines((lines, chance) => {
    const others = [
      "",
      "{}",
      "null",
      "[]",
      "1e999",
      '"text"',
      "{",
      "\0\0\0\0",
      '{"__proto__":{"image":"x"}}',
      ...texts,
    ];
    lines.splice(chance.below(lines.length + 1), 0, chance.of(others));
  }),
  "a very long line": ofLines((lines, chance) => {
    lines[chance.below(lines.length)] = `{"image":"${"a".repeat(chance.of([1e5, 5e6]))}"}`;
  }),
  "a very deep line": ofLines((lines, chance) => {
    lines[chance.below(lines.length)] = "[".repeat(1e5) + "]".repeat(chance.of([0, 1e5]));
  }),
  "very many lines": (text) => text.repeat(500),
  nothing: () => "",
  "the end torn": (text, _, chance) => text.slice(0, -1 - chance.below(300)),
};
