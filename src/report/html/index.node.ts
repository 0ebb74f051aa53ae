/** The report with the style and the program of this package. */
import { readFileSync } from "node:fs";
import { packageFile } from "../../base/index.node.js";
import type { GateOutcome } from "../../journal/index.js";
import { storedGates } from "../own-gates.js";
import type { ReportedRun } from "../reported.js";
import { htmlReportWith } from "./page.js";

const page = (file: string) => readFileSync(packageFile(`page/${file}`), "utf8");

/**
 * The report of a run as one HTML page.
 * @param gates judged; default: those of the stored result
 */
export function htmlReport(run: ReportedRun, gates: readonly GateOutcome[] = storedGates(run)): string {
  const assets = { style: page("figures.css") + page("report.css"), script: page("report.js") };
  return htmlReportWith(assets, run, gates);
}
