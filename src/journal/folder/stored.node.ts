/** A run folder that is read, finished or not; and its result. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { checkJson, jsonObject, parseJson, SeawallError } from "../../base/index.js";
import { readText, writeFileAtomic } from "../../base/index.node.js";
import { descriptionSchema, type RunDescription, type Soundness } from "../description.js";
import { fileSeal } from "../lines/seal.js";
import { readJournal } from "../lines.node.js";
import type { RunRecord } from "../record.js";
import { type Result, resultSchema } from "../result.js";
import { upgradeDescription, upgradeResult } from "../versions/version-1.js";
import { runFiles, sealedText } from "./files.js";

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
  const own = ({ identity }: RunDescription) => identity;
  return readSealed(storedDescription, join(dir, runFiles.run), own, "restore the file");
}

/** Writes `run.json`, as a whole or not at all. */
export function writeDescription(dir: string, description: RunDescription): void {
  writeFileAtomic(join(dir, runFiles.run), sealedText(description.identity, description));
}

/** Is there a stored result? */
export function hasResult(dir: string): boolean {
  return existsSync(join(dir, runFiles.result));
}

/** Reads the stored result of a run; errors as `readRun`. */
export function readResult(dir: string): Result {
  const remedy = "restore the file, or delete it to use the journal";
  return readSealed(storedResult, join(dir, runFiles.result), () => readDescription(dir).identity, remedy);
}

/** Writes `result.json` beside the `run.json` that it belongs to, as a whole or not at all. */
export function writeResult(dir: string, result: Result): void {
  writeFileAtomic(join(dir, runFiles.result), sealedText(readDescription(dir).identity, result));
}

/** Reads a file of JSON with its seal. A run that has an identity has seals, so one without is a changed one. */
function readSealed<T>(
  schema: z.ZodType<T>,
  file: string,
  identityOf: (content: T) => string | undefined,
  remedy: string,
): T {
  const { seal, ...stored } = parseJson(jsonObject, readText(file, largestJson), file);
  const content = checkJson(schema, stored, file);
  if (seal === fileSeal(identityOf(content), stored)) return content;
  const problem = seal === undefined ? "the file has lost its seal" : "its seal does not fit its content";
  throw new SeawallError("journal", `${file}: ${problem}: the file was changed; ${remedy}`);
}
