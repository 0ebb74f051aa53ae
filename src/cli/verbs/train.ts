/** `seawall train`: adversarial training of a built-in architecture. */
import type { Command } from "commander";
import { formatJson } from "../../base/index.js";
import { recipes, trainingSchema } from "../../train/index.js";
import { rehearseTraining } from "../../train/index.node.js";
import { paint, print, say } from "../output/terminal.js";
import { outcomeLines, planRows, recipeRows, rehearsalRows } from "../output/training-lines.js";
import { trainInThread } from "../process/training.js";
import { addFlags, configHelp } from "../settings/flags.js";
import { readSettings } from "../settings/settings.js";
import { trainingSet } from "../settings/training-flags.js";

interface TrainOptions extends Readonly<Record<string, unknown>> {
  readonly config?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly recipes?: boolean;
}

export function trainVerb(command: Command): void {
  command.description(
    "Trains a built-in architecture adversarially, from a robust backbone if one is given (PIR-AT), and exports it.",
  );
  addFlags(command, Object.keys(trainingSet.flags), trainingSet);
  command
    .option("--config <FILE>", configHelp)
    .option("--json", "print the outcome as JSON on stdout")
    .option(
      "--dry-run",
      "take a few updates on the first batches, print plan, memory and time, and write nothing",
    )
    .option("--recipes", "list the recipes with the paper's figures, and do nothing")
    .addHelpText("after", example)
    .action(trainAction);
}

const example = `
Examples:
  seawall train --recipe pir-at5-voc-upernet-convnext-t --init convnext_tiny_cvst_robust.pt \\
                --data voc:VOCdevkit --out runs/pir-at5
  seawall train --architecture upernet-convnext-micro-cvst --data camvid:CamVid --crop 128x160 --base-size 180 \\
                --attack-steps 2 --epochs 30 --batch-size 8 --out runs/at2`;

async function trainAction(options: TrainOptions): Promise<void> {
  if (options.recipes) return say(...recipeRows(recipes));
  const config = await readSettings(trainingSchema, options, options.config, trainingSet);
  if (options.dryRun) {
    const rehearsal = await rehearseTraining(config, { onNotice: sayNotice });
    if (options.json) return print(formatJson(rehearsal.figures));
    return say("", ...planRows(rehearsal.plan, 0), ...rehearsalRows(rehearsal.figures));
  }
  const outcome = await trainInThread(config, sayNotice);
  if (options.json) print(formatJson(outcome));
  else say("", ...outcomeLines(outcome));
}

/** Prints a notice; warnings are coloured. */
function sayNotice(sentence: string): void {
  say(/^(WARNING|NOT IN)/.test(sentence) ? paint("yellow", sentence) : sentence);
}
