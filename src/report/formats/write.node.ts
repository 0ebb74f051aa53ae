/** The table of report formats, and writing reports. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/index.node.js";
import { runFiles } from "../../journal/index.node.js";
import type { JudgedBy } from "../gates.js";
import { htmlReport } from "../html/index.node.js";
import type { ReportedRun } from "../stored.node.js";
import { csvFiles } from "./csv.node.js";
import { junitXml } from "./junit.js";

/** A format: a function that gives its files, by name. */
type Format = (run: ReportedRun, judged: JudgedBy) => Readonly<Record<string, string>>;

/** Report formats, by name. */
export const reportFormats = {
  html: (run) => ({ [runFiles.report]: htmlReport(run) }),
  csv: (run) => csvFiles(run),
  junit: ({ result }, judged) => ({ "junit.xml": junitXml(result, judged) }),
} as const satisfies Record<string, Format>;

export type ReportFormat = keyof typeof reportFormats;

/**
 * Writes reports, each file atomically. The folder is created if needed.
 * @param judged the gates that `junit` reports
 * @returns the files written
 */
export function writeReports(
  run: ReportedRun,
  formats: readonly ReportFormat[],
  folder: string,
  judged: JudgedBy = {},
): string[] {
  const contents = formats.flatMap((format) =>
    Object.entries((reportFormats[format] as Format)(run, judged)),
  );
  mkdirSync(folder, { recursive: true });
  return contents.map(([name, content]) => {
    const file = join(folder, name);
    writeFileAtomic(file, content);
    return file;
  });
}
