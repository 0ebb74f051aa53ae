/** `seawall report`: writes reports of a stored run. */
import type { Command } from "commander";
import { SeawallError } from "../../base/index.js";
import { checkRun } from "../../evaluate/index.js";
import { checkGates, type Result } from "../../journal/index.js";
import { withRunFolders } from "../../journal/index.node.js";
import type { ReportedRun } from "../../report/index.js";
import {
  ownGates,
  type ReportFormat,
  readReportedRun,
  reportFormats,
  writeReports,
} from "../../report/index.node.js";
import { say } from "../output/terminal.js";
import { judge } from "../process/judge.js";
import { addGateFlags, type GateFlags, gateOptionsOf } from "../settings/gates.js";
import { collect } from "../settings/values.js";

interface ReportOptions extends GateFlags {
  readonly format: string;
  readonly out?: string;
  readonly gate?: readonly string[];
}

export function reportVerb(command: Command): void {
  command
    .description(
      "Writes reports of a stored run, finished or not, from its folder alone; recomputes nothing.",
    )
    .argument("<RUN>", "run folder, or a zip of one")
    .option("--format <LIST>", `some of ${Object.keys(reportFormats).join(", ")}`, "html")
    .option("--out <DIR>", "folder of the reports (default: the run folder; of NAME.zip, NAME-report)")
    .option(
      "--gate <EXPR>",
      "condition such as worst.mIoU@4/255>=0.60; exit code 3 if it fails (default: those of the run)",
      collect,
    )
    .addHelpText("after", "\nExample:\n  seawall report runs/first --format html,csv,junit")
    .action(reportAction);
  addGateFlags(command);
}

async function reportAction(given: string, options: ReportOptions): Promise<void> {
  await withRunFolders([given], ([dir]) => {
    const beside = given.replace(/(\.zip)?$/i, "-report");
    report(dir!, { out: dir === given ? dir : beside, ...options });
  });
}

function report(
  dir: string,
  { format, out, gate, ...flags }: ReportOptions & { readonly out: string },
): void {
  const [formats, options] = [readFormats(format), gateOptionsOf(flags)];
  const run = readReportedRun(dir);
  const result = checked(run);
  const gates = gate ? checkGates(result, gate, options) : ownGates({ ...run, result }, options);
  const files = writeReports(run, formats, out, gates);
  say(...run.missing, ...files.map((file) => `written: ${file}`));
  judge(gates);
}

/** The result with the checks of the run made again, so that a result without them, or a changed one, passes no gate. */
function checked(run: ReportedRun): Result {
  const { result } = run;
  return { ...result, soundness: [...result.soundness, ...checkRun(run).soundness] };
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
