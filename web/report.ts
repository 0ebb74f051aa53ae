/** The report of a run of the page, apart from its other script: charts are drawn in the page's document. */
import figures from "../page/figures.css?raw";
import style from "../page/report.css?raw";
import script from "../page/report.js?raw";
import { pictureName } from "../src/journal/index.js";
import { htmlReportWith, reportedRun } from "../src/report/index.js";
import type { RunOutcome } from "./messages.js";

/** The page of a run; undefined where no image has met every attack yet. */
export function reportOf({
  description,
  records,
  result,
  isComplete,
  traces,
  pictures,
}: RunOutcome): string | undefined {
  if (!result) return undefined;
  const stored = new Map(pictures.map(({ key, webp }) => [pictureName(key), webp]));
  const run = reportedRun({
    ...{ description, records, traces, computed: result },
    stored: isComplete ? result : undefined,
    pictures: pictures.map(({ key }) => key),
    readPicture: (key) => stored.get(pictureName(key))!,
  });
  return htmlReportWith({ style: figures + style, script }, run);
}
