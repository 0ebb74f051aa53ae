/** `seawall compare`: compares two stored runs image by image. */
import { type Command, Option } from "commander";
import { z } from "zod";
import { formatJson, inPlace } from "../../base/index.js";
import { checkRun, evaluationSchema } from "../../evaluate/index.js";
import { readRun, withRunFolders } from "../../journal/index.node.js";
import { checkComparisonGates, compareRuns, comparisonLines } from "../../report/index.js";
import { print, say } from "../output/terminal.js";
import { judge } from "../process/judge.js";
import { addGateFlags } from "../settings/gates.js";
import { readSettings } from "../settings/settings.js";
import { collect, flagValue, whole } from "../settings/values.js";

interface CompareFlags extends Readonly<Record<string, unknown>> {
  readonly allowDifferent?: boolean;
  readonly top: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function compareVerb(command: Command): void {
  command
    .description("Compares two stored runs image by image, B with A, from their records alone.")
    .argument("<A>", "run folder that is compared with, or a zip of one")
    .argument("<B>", "run folder that is compared, or a zip of one")
    .option("--allow-different", "compare what both have although data or protocol differ")
    .addOption(new Option("--top <N>", "images that changed most to list").default("5", "5"))
    .option("--seed <N>", "seed of the bootstrap resamples behind the intervals (default: 0)")
    .option(
      "--gate <EXPR>",
      "condition such as 'worst.mIoU@4/255 diff>=-0.01'; exit code 3 if it fails",
      collect,
    )
    .option(
      "--config <FILE>",
      "gates and seed from a YAML or JSON file, or a module; a flag on the line wins",
    )
    .option("--json", "print the comparison as JSON on stdout")
    .addHelpText("after", example)
    .action(compareAction);
  addGateFlags(command);
}

const example = `
Gates:
  SUBJECT.FIGURE@RADIUS diff>=NUMBER with FIGURE aAcc or mIoU; diff is B − A,
  low and high instead of diff are the ends of its 95 % interval

Example:
  seawall compare runs/before runs/after --gate 'worst.mIoU@4/255 diff>=-0.01'`;

/** Settings that a configuration file may hold for this verb. */
const compareSchema = z.strictObject({
  gate: evaluationSchema.shape.gate,
  gateAllow: evaluationSchema.shape.gateAllow,
  gateDespiteChecks: evaluationSchema.shape.gateDespiteChecks,
  seed: evaluationSchema.shape.seed,
});

async function compareAction(a: string, b: string, flags: CompareFlags): Promise<void> {
  const {
    gate = [],
    gateAllow: allow = [],
    gateDespiteChecks: despiteChecks,
    seed,
  } = await readSettings(compareSchema, flags, flags.config);
  const { allowDifferent = false, top } = flags;
  const [one, other] = await withRunFolders([a, b], (dirs) =>
    dirs.map((dir) => inPlace(dir, () => checkRun(readRun(dir)))),
  );
  const options = { allowDifferent, seed, top: flagValue("--top", top, whole) };
  const comparison = inPlace(`${a} and ${b}`, () => compareRuns(one!, other!, options));
  const outcomes = checkComparisonGates(comparison, gate, { despiteChecks, allow });
  if (flags.json) print(formatJson({ ...comparison, gates: outcomes }));
  else say(...comparisonLines(comparison), "");
  judge(outcomes);
}
