/** `seawall merge`: joins the shards of a run. */
import type { Command } from "commander";
import { formatJson } from "../../base/index.js";
import { checkRecords } from "../../evaluate/index.js";
import { gateSubjects, parseGate, summarize, withGates } from "../../journal/index.js";
import { mergeThen, readRun, writeResult } from "../../journal/index.node.js";
import { finalLines, placeLine } from "../output/lines.js";
import { print, say } from "../output/terminal.js";
import { judge } from "../process/judge.js";
import { writeOwnReport } from "../process/keep.js";
import { addGateFlags, type GateFlags, gateOptionsOf } from "../settings/gates.js";
import { collect } from "../settings/values.js";

interface MergeOptions extends GateFlags {
  readonly out: string;
  readonly gate?: readonly string[];
  readonly json?: boolean;
}

export function mergeVerb(command: Command): void {
  command
    .description("Puts the shards of a run together; the result is that of the run made in one piece.")
    .argument("<RUN...>", "the run folders of all shards")
    .requiredOption("--out <DIR>", "folder of the whole run")
    .option("--gate <EXPR>", "condition such as worst.mIoU@4/255>=0.60; exit code 3 if it fails", collect)
    .option("--json", "print the result as JSON on stdout")
    .addHelpText("after", example)
    .action(mergeAction);
  addGateFlags(command);
}

const example = `
Example:
  seawall eval --config camvid.yaml --shard 1/2 --out runs/1
  seawall eval --config camvid.yaml --shard 2/2 --out runs/2
  seawall merge runs/1 runs/2 --out runs/whole`;

async function mergeAction(
  runs: readonly string[],
  { out, gate = [], json, ...flags }: MergeOptions,
): Promise<void> {
  const options = gateOptionsOf(flags);
  for (const expression of gate) parseGate(expression, gateSubjects(readRun(runs[0]!).description.protocol));
  const { result, report, warnings } = await mergeThen(runs, out, ({ description, records, warnings }) => {
    const soundness = checkRecords(records, description);
    const result = withGates(summarize(description, records, { soundness }), gate, options);
    writeResult(out, result);
    return { result, report: writeOwnReport(out), warnings };
  });
  say(...warnings);
  if (json) print(formatJson(result));
  else say(...finalLines(result, out), placeLine(out), `report: ${report}`);
  judge(result.gates ?? []);
}
