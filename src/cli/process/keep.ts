/** The report of a run: its pictures are stored during the run, and its page is written at the end. */
import type { EvaluationConfig } from "../../evaluate/index.js";
import type { RunEvents } from "../../evaluate/index.node.js";
import { openKeeper, pruneToGallery, readReportedRun, writeReports } from "../../report/index.node.js";

type OnPoint = NonNullable<RunEvents["onPoint"]>;

/** Stores pictures and traces of every counted image if the run is to have a report. The folder exists by then. */
export function keepPoints({ out, report }: EvaluationConfig): OnPoint | undefined {
  if (out === undefined || !report) return undefined;
  let keeper: ReturnType<typeof openKeeper> | undefined;
  return (point) => {
    keeper ??= openKeeper(out);
    return keeper.add(point);
  };
}

/** Writes the page into the folder of a finished run and removes pictures that it does not show. */
export function writeOwnReport(dir: string): string {
  pruneToGallery(dir);
  return writeReports(readReportedRun(dir), ["html"], dir)[0]!;
}
