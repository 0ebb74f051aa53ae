/** Reading a journal file line by line, in bounded memory, whatever is in it. */
import { closeSync, openSync, readSync } from "node:fs";
import { checkJson, SeawallError } from "../base/index.js";
import { attempt } from "../base/index.node.js";
import type { RunDescription } from "./description.js";
import { JournalKeys } from "./journal.js";
import { keyOf, type RunRecord, recordProblem, recordSchema } from "./record.js";

/** A record with 65536 classes stays well below this many bytes. */
const longestLine = 4 * 2 ** 20;
const newline = 0x0a;

/** What a journal file holds. */
export interface StoredJournal {
  /** Checked records, the first of each key, in the order of the file. */
  readonly records: readonly RunRecord[];
  readonly keys: JournalKeys;
  /** Bytes up to the end of the last good line. */
  readonly goodBytes: number;
  /** Bytes after it: a line torn by a crash; 0 if there is none. */
  readonly tornBytes: number;
}

/**
 * Reads a journal. A last line without a newline, or that is no JSON, was torn by a crash and is left out.
 * @throws SeawallError `journal`, with file and line, for any other line that is not a record of this run, and for two
 * records of the same image, attack and radius that contradict each other
 */
export function readJournal(file: string, run: RunDescription): StoredJournal {
  const keys = new JournalKeys();
  const records: RunRecord[] = [];
  const seen = new Map<string, NumberedRecord>();
  let [goodBytes, end] = [0, 0];
  let torn: string | undefined;
  for (const line of readLines(file)) {
    if (torn) throw new SeawallError("journal", `${torn}: not JSON, and not the last line; restore the file`);
    end = line.end;
    const where = `${file}, line ${line.number}`;
    const value = line.whole ? parsed(line.text) : undefined;
    if (value === undefined) {
      torn = where;
      continue;
    }
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
  return { records, keys, goodBytes, tornBytes: end - goodBytes };
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

interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  /** Position in the file after the line and its newline. */
  readonly end: number;
  /** False for a last line without a newline. */
  readonly whole: boolean;
}

function* readLines(file: string): Generator<Line> {
  const handle = attempt(file, "opened", () => openSync(file, "r"));
  const chunk = Buffer.alloc(2 ** 20);
  try {
    let rest = Buffer.alloc(0);
    let [number, end] = [1, 0];
    for (;;) {
      const length = attempt(file, "read", () => readSync(handle, chunk));
      if (length === 0) break;
      rest = Buffer.concat([rest, chunk.subarray(0, length)]);
      let start = 0;
      for (let stop = rest.indexOf(newline); stop >= 0; stop = rest.indexOf(newline, start)) {
        end += stop + 1 - start;
        yield { number: number++, text: rest.toString("utf8", start, stop), end, whole: true };
        start = stop + 1;
      }
      rest = rest.subarray(start);
      refuseLong(rest.length, `${file}, line ${number}`);
    }
    if (rest.length > 0) yield { number, text: rest.toString("utf8"), end: end + rest.length, whole: false };
  } finally {
    closeSync(handle);
  }
}

function refuseLong(length: number, where: string): void {
  if (length <= longestLine) return;
  throw new SeawallError(
    "journal",
    `${where}: longer than ${longestLine} bytes; this is no journal of Seawall`,
  );
}
