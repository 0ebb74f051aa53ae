/** `seawall verify`: recomputes a sample of a stored run's records. */
import { type Command, Option } from "commander";
import { z } from "zod";
import { formatJson } from "../../base/index.js";
import { evaluationSchema, type RecordVerdict } from "../../evaluate/index.js";
import { type Verification, verifyRun } from "../../evaluate/index.node.js";
import { unsealedNotice } from "../../journal/index.js";
import { withRunFolders } from "../../journal/index.node.js";
import { formatDifference, plural } from "../../report/index.js";
import { marks } from "../output/lines.js";
import { print, say } from "../output/terminal.js";
import { exitCodes } from "../process/exit.js";
import { interruptible } from "../process/interrupt.js";
import { addFlags } from "../settings/flags.js";
import { readSettings } from "../settings/settings.js";
import { flagValue, fraction, positiveWhole, whole } from "../settings/values.js";

interface VerifyFlags extends Readonly<Record<string, unknown>> {
  readonly sample: string;
  readonly seed: string;
  readonly tolerance: string;
  readonly json?: boolean;
}

const { model, data, classes, classWeights, surrogate, untrusted, device, threads, plugin } =
  evaluationSchema.shape;
/** Settings that replace stored ones: paths, device, threads, plugins. They have no defaults; the stored value is used. */
const overridesSchema = z.strictObject({
  ...{ model: model.optional(), data: data.optional(), device: device.removeDefault().optional() },
  ...{ classes, classWeights, surrogate, threads, plugin },
  untrusted: untrusted.removeDefault().optional(),
});

export function verifyVerb(command: Command): void {
  command
    .description("Recomputes a random sample of a stored run's records and compares: match or mismatch.")
    .argument("<RUN>", "run folder, or a zip of one");
  addFlags(command, overridesSchema.keyof().options);
  command
    .addOption(new Option("--sample <N>", "records to make again").default("10", "10"))
    .addOption(new Option("--seed <N>", "seed of the choice of records").default("0", "0"))
    .addOption(new Option("--tolerance <T>", toleranceHelp).default("0", "0"))
    .option("--json", "print the verdicts as JSON on stdout")
    .addHelpText("after", example)
    .action(verifyAction);
}

const toleranceHelp = "by how much an image's accuracy may differ; with 0 all must be equal";

const example = `
Model, data, classes, class weights, surrogate, device and threads are those of the run unless given;
their content must be the same. Exit code 3 if a record or the stored result does not match.

Example:
  seawall verify runs/first --sample 5`;

async function verifyAction(
  run: string,
  { json, sample, seed, tolerance, ...flags }: VerifyFlags,
): Promise<void> {
  const { signal, listen, release } = interruptible(() => "interrupted");
  try {
    const options = {
      sample: flagValue("--sample", sample, positiveWhole),
      seed: flagValue("--seed", seed, whole),
      tolerance: flagValue("--tolerance", tolerance, fraction),
      settings: await readSettings(overridesSchema, flags),
      signal,
      background: true,
      onPlan: listen,
      onNotice: (sentence: string) => say(`unlike the run: ${sentence}; the last digits may depend on it`),
      onVerdict: (verdict: RecordVerdict) => say(verdictLine(verdict)),
    };
    const verification = await withRunFolders([run], ([dir]) => verifyRun(dir!, options));
    if (json) print(formatJson(verification));
    say(...closingLines(verification));
    if (!verification.match) process.exitCode = exitCodes.gate;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    release();
  }
}

function verdictLine(verdict: RecordVerdict): string {
  const { image, attack, eps, match } = verdict;
  const where = `${image}, ${attack}${attack === "clean" ? "" : ` at ${eps}`}`;
  return `${marks[match ? "pass" : "fail"]} ${where}: ${match ? "match" : "mismatch"}${amounts(verdict)}`;
}

/** The differences of a record; empty if there is none. */
function amounts({ pixels, labels, accuracy, step, maxDelta }: RecordVerdict): string {
  if (pixels === 0 && labels === 0 && step === 0 && maxDelta === 0) return "";
  return [
    `, at least ${plural(pixels, "pixel")} predicted otherwise`,
    ...(labels > 0 ? [`labels of ${plural(labels, "pixel")} changed`] : []),
    `accuracy ${formatDifference(accuracy)}`,
    `step ${step >= 0 ? "+" : ""}${step}`,
    `largest |δ| ${maxDelta >= 0 ? "+" : ""}${maxDelta.toPrecision(2)}`,
  ].join(", ");
}

function closingLines({ sample, records, result, match, sealed }: Verification): string[] {
  const same = sample.filter((verdict) => verdict.match).length;
  return [
    ...(sealed ? [] : [`${marks.warn} ${unsealedNotice}`]),
    ...(result ?? []).map((difference) => `${marks.fail} result.json is not of this journal: ${difference}`),
    `${marks[match ? "pass" : "fail"]} ${match ? "match" : "MISMATCH"}: ${same} of ${sample.length} records made again, of ${records} in the journal`,
  ];
}
