/** A run folder that is read, finished or not; and its result. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { formatJson, parseJson } from "../base/index.js";
import { readText, writeFileAtomic } from "../base/index.node.js";
import { descriptionSchema, type RunDescription, type Soundness } from "./description.js";
import { readJournal } from "./lines.node.js";
import type { RunRecord } from "./record.js";
import { type Result, resultSchema } from "./result.js";
import { upgradeDescription, upgradeResult } from "./versions/version-1.js";

/** Names of the files in a run folder. */
export const runFiles = {
  run: "run.json",
  journal: "journal.jsonl",
  result: "result.json",
  report: "report.html",
} as const;

const storedDescription = z.preprocess(upgradeDescription, descriptionSchema);
const storedResult = z.preprocess(upgradeResult, resultSchema);

/** run.json holds a configuration, result.json some figures per class and attack: never more than this. */
const largestJson = 64 * 2 ** 20;

/** A run as it stands in its folder, finished or not. */
export interface StoredRun {
  readonly description: RunDescription;
  readonly records: readonly RunRecord[];
}

/** A stored run with the outcomes of its soundness checks, those made before it and those made of its records. */
export interface CheckedRun extends StoredRun {
  readonly soundness: readonly Soundness[];
}

/**
 * Reads a run folder, changing nothing in it.
 * @throws SeawallError `journal` if it is none or a damaged one
 */
export function readRun(dir: string): StoredRun {
  const description = readDescription(dir);
  return { description, records: readJournal(join(dir, runFiles.journal), description).records };
}

/** Reads `run.json`; errors as `readRun`. */
export function readDescription(dir: string): RunDescription {
  const file = join(dir, runFiles.run);
  return parseJson(storedDescription, readText(file, largestJson), file);
}

/** Is there a stored result? */
export function hasResult(dir: string): boolean {
  return existsSync(join(dir, runFiles.result));
}

/** Reads the stored result of a run; errors as `readRun`. */
export function readResult(dir: string): Result {
  const file = join(dir, runFiles.result);
  return parseJson(storedResult, readText(file, largestJson), file);
}

/** Writes `result.json`, as a whole or not at all. */
export function writeResult(dir: string, result: Result): void {
  writeFileAtomic(join(dir, runFiles.result), formatJson(result));
}
