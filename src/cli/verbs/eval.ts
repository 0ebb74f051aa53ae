/** `seawall eval`: attacks a model on labelled images. */
import type { Command } from "commander";
import { attackForms, attackLosses, ensembles, transferPrefix } from "../../attack/index.js";
import { formatJson } from "../../base/index.js";
import { type EvaluationConfig, evaluationSchema } from "../../evaluate/index.js";
import { planEvaluation } from "../../evaluate/index.node.js";
import type { Result } from "../../journal/index.js";
import { wrapText } from "../../report/index.js";
import { finalLines, placeLine, planLines } from "../output/lines.js";
import { print, say } from "../output/terminal.js";
import { Timing } from "../output/timing.js";
import { judge } from "../process/judge.js";
import { writeOwnReport } from "../process/keep.js";
import { attack } from "../process/run.js";
import { addFlags, configHelp } from "../settings/flags.js";
import { readSettings } from "../settings/settings.js";

interface EvalOptions extends Readonly<Record<string, unknown>> {
  readonly config?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly timing?: boolean;
}

export function evalVerb(command: Command): void {
  command.description(
    "Attacks a model on labelled images, writes a run folder and prints the worst-case figures.",
  );
  addFlags(command);
  command
    .option("--config <FILE>", configHelp)
    .option("--json", "print the result as JSON on stdout")
    .option("--dry-run", "print what would be done and stop")
    .option("--timing", "print where the time went, on the clock and of processors")
    .addHelpText("after", example)
    .action(evaluateAction);
}

const example = `
Attacks:
  ${Object.keys(ensembles).join(", ")}
  ${attackForms().join(", ")}
  with LOSS one of ${wrapText(attackLosses().join(", "), 80).join("\n    ")}
  ${transferPrefix}ATTACK, by the gradient of --surrogate

Example:
  seawall eval --model model.onnx --data folder:images,labels --classes 11 --ignore-label 11 \\
               --eps 2/255,4/255 --steps 300 --out runs/first`;

async function evaluateAction(options: EvalOptions): Promise<void> {
  const config = await readSettings(evaluationSchema, options, options.config);
  if (options.dryRun) return dryRun(config, options.json);
  const timing = options.timing ? new Timing() : undefined;
  const result = await attack(config, { onStage: (stage) => timing?.begin(stage) });
  timing?.begin("report");
  if (options.json) print(formatJson(result));
  else say(...finalLines(result, config.out), ...(result.waiting ? waitingLines(result) : endLines(config)));
  if (timing) say("", ...timing.lines());
  judge(result.gates ?? []);
}

function endLines({ out, report }: EvaluationConfig): string[] {
  return [placeLine(out), ...(out !== undefined && report ? [`report: ${writeOwnReport(out)}`] : [])];
}

function waitingLines({ waiting = [] }: Result): string[] {
  return [
    `figures are without ${waiting.join(", ")}: for the mIoU of the whole set, the counts of the other shards are needed`,
    "when all shards have come this far, run each again with --resume and with --after RUN for the folder of every other",
  ];
}

async function dryRun(config: EvaluationConfig, json = false): Promise<void> {
  const plan = await planEvaluation(config, { onNotice: (sentence) => say(sentence) });
  if (json) print(formatJson(plan));
  else say("", ...planLines(plan));
}
