/** Reading a journal: its lines, their seals and the records in them, each checked. */
import { checkJson, SeawallError } from "../base/index.js";
import type { RunDescription } from "./description.js";
import { JournalKeys } from "./journal.js";
import { readLines } from "./lines/read.node.js";
import { partLine, type SealedLine, sealed } from "./lines/seal.js";
import { keyOf, type RunRecord, recordProblem, recordSchema } from "./record.js";

/** What a journal file holds. */
export interface StoredJournal {
  /** Checked records, the first of each key, in the order of the file. */
  readonly records: readonly RunRecord[];
  readonly keys: JournalKeys;
  /** Bytes up to the end of the last good line. */
  readonly goodBytes: number;
  /** Bytes after it: a line torn by a crash; 0 if there is none. */
  readonly tornBytes: number;
  /** The seal that the next line follows; undefined in a run without seals. */
  readonly seal: string | undefined;
}

/**
 * Reads a journal. A last line without a newline, or that is no JSON, was torn by a crash and is left out.
 * @throws SeawallError `journal`, with file and line, for any other line that is not a record of this run, for one whose
 * seal does not follow from the lines before it, and for two records of the same image, attack and radius that
 * contradict each other
 */
export function readJournal(file: string, run: RunDescription): StoredJournal {
  const keys = new JournalKeys();
  const records: RunRecord[] = [];
  const seen = new Map<string, NumberedRecord>();
  let [goodBytes, end] = [0, 0];
  let torn: string | undefined;
  let seal = run.identity;
  for (const line of readLines(file)) {
    if (torn) throw new SeawallError("journal", `${torn}: not JSON, and not the last line; restore the file`);
    end = line.end;
    const where = `${file}, line ${line.number}`;
    const parts = partLine(line.text);
    const value = line.whole ? parsed(parts.body) : undefined;
    if (value === undefined) {
      torn = where;
      continue;
    }
    seal = checkSeal(seal, parts, where);
    const record = checkRecord(run, value, where);
    const first = seen.get(keyOf(record));
    if (first) refuseOther(first, record, where);
    else {
      keys.add(record);
      records.push(record);
      seen.set(keyOf(record), { record, line: line.number });
    }
    goodBytes = line.end;
  }
  return { records, keys, goodBytes, tornBytes: end - goodBytes, seal };
}

/** @returns the line's seal, which the next line follows */
function checkSeal(before: string | undefined, { body, seal }: SealedLine, where: string) {
  if (sealed(before, body).seal === seal) return seal;
  const problem = (text: string) => new SeawallError("journal", `${where}: ${text}`);
  if (before === undefined)
    throw problem("sealed, but run.json names no identity for the seals; restore run.json");
  const what =
    seal === undefined
      ? "no seal, which every line of this run has: the line was added or changed"
      : "its seal does not fit: the line was changed, added or moved, one before it is gone, or it is of another run";
  throw problem(`${what}; restore the file, or delete this line and all after it and go on with --resume`);
}

interface NumberedRecord {
  readonly record: RunRecord;
  readonly line: number;
}

/** A record that occurs twice is harmless if both say the same, times aside. */
function refuseOther({ record: first, line }: NumberedRecord, again: RunRecord, where: string): void {
  const figures = ({ seconds: _, ...others }: RunRecord) => JSON.stringify(others);
  if (figures(first) === figures(again)) return;
  const { image, attack, eps } = again;
  throw new SeawallError(
    "journal",
    `${where}: another record of image "${image}", ${attack} at ${eps}, than in line ${line}; delete the wrong one of the two lines`,
  );
}

function checkRecord(run: RunDescription, value: unknown, where: string): RunRecord {
  const record = checkJson(recordSchema, value, where);
  const problem = recordProblem(run, record);
  if (problem) throw new SeawallError("journal", `${where}: ${problem}`);
  return record;
}

/** The value of a JSON text; undefined if it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
