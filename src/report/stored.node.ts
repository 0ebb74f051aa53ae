/** Reading and checking a run folder for its reports. Only sums of its records are computed. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson, inPlace, SeawallError } from "../base/index.js";
import { figuresIn, type Result, runFiles, summarize } from "../journal/index.js";
import { listPictures, readPicture, readResult, readRun, readTraces } from "../journal/index.node.js";
import { type ReportedRun, reportedRun } from "./reported.js";

/**
 * Reads a run folder, complete or not, for its reports.
 * @throws SeawallError `journal` naming the damaged file and line, or a result that differs from the journal
 */
export function readReportedRun(dir: string): ReportedRun {
  const { description, records } = readRun(dir);
  const computed = inPlace(join(dir, runFiles.journal), () =>
    summarize(description, records, { partial: true }),
  );
  const stored = existsSync(join(dir, runFiles.result)) ? readResult(dir) : undefined;
  if (stored) checkFigures(join(dir, runFiles.result), stored, computed);
  return reportedRun({
    ...{ description, records, stored, computed },
    traces: readTraces(dir, description),
    pictures: listPictures(dir),
    readPicture: (key) => readPicture(dir, key),
  });
}

/** @throws SeawallError `journal` if the stored result differs from the one computed from the journal */
function checkFigures(file: string, stored: Result, computed: Result): void {
  const figures = (result: Result) =>
    canonicalJson({ ...figuresIn(stored, result), images: result.data.images });
  if (figures(stored) === figures(computed)) return;
  throw new SeawallError(
    "journal",
    `${file}: its figures differ from those of the journal beside it; restore the file, or delete it to use the journal`,
  );
}
