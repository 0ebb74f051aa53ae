/** The report in a run folder: what it shows is kept while the run goes on, the page is written at the end. */
import type { EvaluationConfig } from "../../evaluate/index.js";
import type { RunEvents } from "../../evaluate/index.node.js";
import { pruneToGallery, ReportKeeper, readReportedRun, writeReports } from "../../report/index.node.js";

type OnPoint = NonNullable<RunEvents["onPoint"]>;

/** Keeps pictures and traces of every point, if the run is to have a report; the folder is there by the first point. */
export function keepPoints({ out, report }: EvaluationConfig): OnPoint | undefined {
  if (out === undefined || !report) return undefined;
  let keeper: ReportKeeper | undefined;
  return (point) => {
    keeper ??= new ReportKeeper(out);
    return keeper.add(point);
  };
}

/** Writes the page into a finished run's folder, and removes the pictures that it does not show. */
export function writeOwnReport(dir: string): string {
  pruneToGallery(dir);
  return writeReports(readReportedRun(dir), ["html"], dir)[0]!;
}
