/** `seawall report`: writes reports of a stored run. */
import type { Command } from "commander";
import { SeawallError } from "../../base/index.js";
import { checkGates } from "../../report/index.js";
import { type ReportFormat, readReportedRun, reportFormats, writeReports } from "../../report/index.node.js";
import { say } from "../output/terminal.js";
import { judge } from "../process/judge.js";
import { collect } from "../settings/values.js";

interface ReportOptions {
  readonly format: string;
  readonly out?: string;
  readonly gate?: readonly string[];
  readonly gateDespiteChecks?: boolean;
}

export function reportVerb(command: Command): void {
  command
    .description(
      "Writes reports of a stored run, finished or not, from its folder alone; recomputes nothing.",
    )
    .argument("<RUN>", "run folder")
    .option("--format <LIST>", `some of ${Object.keys(reportFormats).join(", ")}`, "html")
    .option("--out <DIR>", "folder of the reports (default: the run folder)")
    .option("--gate <EXPR>", "condition such as worst.mIoU@4/255>=0.60; exit code 3 if it fails", collect)
    .option("--gate-despite-checks", "gates may hold although a soundness check failed")
    .addHelpText("after", "\nExample:\n  seawall report runs/first --format html,csv,junit")
    .action(reportAction);
}

function reportAction(
  dir: string,
  { format, out = dir, gate, gateDespiteChecks: despiteChecks = false }: ReportOptions,
): void {
  const formats = readFormats(format);
  const run = readReportedRun(dir);
  const files = writeReports(run, formats, out, {
    gates: gate ?? storedGates(run.description.config),
    despiteChecks,
  });
  say(...run.missing, ...files.map((file) => `written: ${file}`));
  judge(checkGates(run.result, gate ?? [], { despiteChecks }));
}

/** The gates that the run was started with. */
function storedGates({ gate }: { readonly gate?: unknown }): string[] {
  return Array.isArray(gate) ? gate.map(String) : [];
}

function readFormats(list: string): ReportFormat[] {
  return list.split(",").map((name) => {
    if (Object.hasOwn(reportFormats, name)) return name as ReportFormat;
    throw new SeawallError(
      "usage",
      `--format ${list}: no format "${name}"; expected some of ${Object.keys(reportFormats).join(", ")}`,
    );
  });
}
