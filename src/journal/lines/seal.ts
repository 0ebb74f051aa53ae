/**
 * Seals of journal lines. The last field of a line is a short digest of the line and of the seal before it, back to the
 * identity of the run. A line that is changed, added, removed, moved or of another run breaks this chain. There is no
 * secret in it: it shows mistakes and edits by hand, and cannot show the work of somebody who seals all lines anew.
 */
import { canonicalJson, shortHash } from "../../base/index.js";

/** A line without its newline, parted. */
export interface SealedLine {
  /** JSON of the record alone. */
  readonly body: string;
  /** Undefined if the line does not end in one. */
  readonly seal: string | undefined;
}

/**
 * Seals a record's JSON.
 * @param before the seal of the line before; the run's identity for the first line; undefined in a run without seals
 */
export function sealed(before: string | undefined, body: string): SealedLine {
  return { body, seal: before === undefined ? undefined : shortHash(before + body) };
}

/** A line as the file has it, with its newline. */
export function lineText({ body, seal }: SealedLine): string {
  return seal === undefined ? `${body}\n` : `${body.slice(0, -1)},"seal":"${seal}"}\n`;
}

/** The lines of a whole journal. */
export function linesOf(identity: string | undefined, records: readonly object[]): string[] {
  let seal = identity;
  return records.map((record) => {
    const line = sealed(seal, JSON.stringify(record));
    seal = line.seal;
    return lineText(line);
  });
}

/** Parts the text of a line, byte for byte. */
export function partLine(text: string): SealedLine {
  const [, fields, seal] = /^(.*),"seal":"([0-9a-f]{16})"\}$/s.exec(text) ?? [];
  return seal === undefined ? { body: text, seal } : { body: `${fields}}`, seal };
}

/**
 * The seal of a whole file of JSON, which stands in it beside its content.
 * @param identity of the run that the file belongs to; the files of a run without one have no seals
 */
export function fileSeal(identity: string | undefined, content: object): string | undefined {
  return identity === undefined ? undefined : shortHash(identity + canonicalJson(content));
}

/** What is said of a run whose lines have no seals. */
export const unsealedNotice =
  "an older version of Seawall, which did not seal the lines of a journal, began this run: " +
  "nothing shows whether a line was changed, added or removed since";
