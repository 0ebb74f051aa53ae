/** The table of report formats, and writing reports. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { attempt, removeLeftoversOf, writeFileAtomic } from "../../base/index.node.js";
import { type GateOutcome, runFiles } from "../../journal/index.js";
import { htmlReport } from "../html/index.node.js";
import { storedGates } from "../own-gates.js";
import type { ReportedRun } from "../reported.js";
import { csvFiles } from "./csv.node.js";
import { junitXml } from "./junit.js";

/** A format: a function that gives its files, by name. */
type Format = (run: ReportedRun, gates: readonly GateOutcome[]) => Readonly<Record<string, string>>;

/** Report formats, by name. */
export const reportFormats = {
  html: (run, gates) => ({ [runFiles.report]: htmlReport(run, gates) }),
  csv: (run) => csvFiles(run),
  junit: ({ result }, gates) => ({ "junit.xml": junitXml(result, gates) }),
} as const satisfies Record<string, Format>;

export type ReportFormat = keyof typeof reportFormats;

/**
 * Writes reports, each file atomically. The folder is created if needed.
 * @param gates judged; default: those of the stored result
 * @returns the files written
 */
export function writeReports(
  run: ReportedRun,
  formats: readonly ReportFormat[],
  folder: string,
  gates: readonly GateOutcome[] = storedGates(run),
): string[] {
  const contents = formats.flatMap((format) => Object.entries((reportFormats[format] as Format)(run, gates)));
  attempt(folder, "created", () => mkdirSync(folder, { recursive: true }));
  return contents.map(([name, content]) => {
    const file = join(folder, name);
    removeLeftoversOf(file);
    writeFileAtomic(file, content);
    return file;
  });
}
