/** What a running evaluation sees of a journal; here kept in memory, on disk in the Node part. */
import { invariant, SeawallError } from "../base/index.js";
import type { RunDescription } from "./description.js";
import { keyOf, type RecordKey, type RunRecord, recordProblem, recordSchema } from "./record.js";

export interface Journal {
  /**
   * Is there a record for this key? With the image's hash, also: of the same content?
   * @throws SeawallError `data` if the image has changed since its record was written
   */
  has(key: RecordKey & { readonly hash?: string }): boolean;
  /** Adds a record; it is safe when the promise resolves. One record per key. */
  append(record: RunRecord): Promise<void>;
  /** All records, in the order they were written. */
  records(): Promise<readonly RunRecord[]>;
}

/** The keys of a journal, with what is checked of every record that enters. */
export class JournalKeys {
  readonly #hashes = new Map<string, string>();

  get size(): number {
    return this.#hashes.size;
  }

  has(key: RecordKey & { readonly hash?: string }): boolean {
    const stored = this.#hashes.get(keyOf(key));
    if (stored === undefined || key.hash === undefined || key.hash === stored) return stored !== undefined;
    throw new SeawallError(
      "data",
      `image "${key.image}" has changed since this run began; start a new run, or restore the image`,
    );
  }

  add(record: RunRecord): void {
    this.#hashes.set(keyOf(record), record.hash);
  }
}

/** Refuses a record of our own making that is none of this run. */
export function checkNewRecord(run: RunDescription, keys: JournalKeys, record: RunRecord): void {
  const where = `record of image "${record.image}", ${record.attack} at ${record.eps}`;
  const result = recordSchema.safeParse(record);
  invariant(result.success, `${where}: ${result.error?.issues.map(({ message }) => message).join("; ")}`);
  const problem = recordProblem(run, record);
  invariant(problem === undefined, `${where}: ${problem}`);
  invariant(!keys.has(record), `${where} is already in the journal`);
}

/** A journal without a file, for the page and for tests. */
export function memoryJournal(run: RunDescription): Journal {
  const keys = new JournalKeys();
  const records: RunRecord[] = [];
  return {
    has: (key) => keys.has(key),
    async append(record) {
      checkNewRecord(run, keys, record);
      keys.add(record);
      records.push(record);
    },
    records: async () => [...records],
  };
}
