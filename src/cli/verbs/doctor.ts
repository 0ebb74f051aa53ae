/** `seawall doctor`: checks the machine, a model and a data set before a long run, and estimates the run's time. */
import type { Command } from "commander";
import { formatJson } from "../../base/index.js";
import { labelStats } from "../../data/index.js";
import { evaluationSchema, type Finding, type LabelTally } from "../../evaluate/index.js";
import { type Inspection, inspect } from "../../evaluate/index.node.js";
import { alignRows, formatShare, plural } from "../../report/index.js";
import { flagName } from "../output/eval-command.js";
import { checkLines, longest, marks } from "../output/lines.js";
import { changedCommand, programWords } from "../output/quote.js";
import { paint, print, say } from "../output/terminal.js";
import { exitCodes } from "../process/exit.js";
import { addFlags, configHelp, evaluationFlags, type Setting, settings } from "../settings/flags.js";
import { readSettings } from "../settings/settings.js";

interface DoctorOptions extends Readonly<Record<string, unknown>> {
  readonly config?: string;
  readonly json?: boolean;
}

export function doctorVerb(command: Command): void {
  command.description(
    "Checks the machine, its devices, a model and the first images of a data set, and estimates the time of a run.",
  );
  addFlags(command, looked);
  command
    .option("--config <FILE>", configHelp)
    .option("--json", "print the findings as JSON on stdout")
    .addHelpText("after", example)
    .action(doctorAction);
}

/** The settings that the doctor reads. A configuration file may contain others. */
const looked = settings.filter((setting) => {
  const running = ["parallel", "untrusted", "device", "threads"].includes(setting);
  return running || evaluationFlags[setting].group !== "Running";
});

const example = `
Every flag is optional. --limit sets how many images are read (default: 20). With --eps, the doctor
estimates the run that seawall eval would make with the same flags.

Example:
  seawall doctor --model model.onnx --data folder:images,labels --ignore-label 255 --eps 4/255`;

async function doctorAction(options: DoctorOptions): Promise<void> {
  const inspection = await inspect(await readSettings(evaluationSchema.partial(), options, options.config));
  const { findings, labels } = inspection;
  if (options.json) print(formatJson({ findings, labels: labels ?? null }));
  else
    say(
      ...findingLines(findings),
      ...labelLines(inspection),
      "",
      verdict(findings),
      ...remedyLines(findings, options),
    );
  if (findings.some(({ status }) => status === "fail")) process.exitCode = exitCodes.usage;
}

const topics = ["machine", "engine", "model", "data", "run"] as const satisfies readonly Finding["topic"][];

function findingLines(findings: readonly Finding[]): string[] {
  const widest = longest(findings.map(({ name }) => name));
  return topics.flatMap((topic) => {
    const own = findings.filter((finding) => finding.topic === topic);
    return own.length === 0 ? [] : ["", paint("bold", topic), ...checkLines(own, widest)];
  });
}

function labelLines({ labels, classNames }: Inspection): string[] {
  return labels ? ["", ...histogramLines(labels, classNames)] : [];
}

/** The share of each class as rows of text. */
function histogramLines(
  { classes, images, declared }: LabelTally,
  names: readonly string[] | undefined,
): string[] {
  const { shares } = labelStats({ classes, ignored: 0 });
  const widest = 24;
  const rows = shares.flatMap((share, k) => {
    if (classes[k] === 0 && k >= (declared ?? 0)) return [];
    return [
      [`${k}`, names?.[k] ?? "", formatShare(share), `${images[k]}`, "▇".repeat(Math.round(share * widest))],
    ];
  });
  return alignRows([["class", names ? "name" : "", "pixels", "images", ""], ...rows]);
}

/** The command line that follows the first remedy that the doctor knows as settings. */
function remedyLines(findings: readonly Finding[], given: DoctorOptions): string[] {
  const change = findings.find((finding) => finding.change)?.change;
  if (!change) return [];
  const entries = Object.entries(change) as [Setting, unknown][];
  const changes = entries.map(([setting, value]) => ({
    flag: flagName(setting),
    takesValue: "value" in evaluationFlags[setting],
    becomes: value === null ? undefined : value === true ? (true as const) : String(value),
  }));
  const program = programWords(process.env, process.argv[1]!, process.cwd());
  const command = changedCommand(program, process.argv.slice(2), changes);
  const inFile = entries.flatMap(([setting, value]) =>
    value === null && given[setting] === undefined ? [setting] : [],
  );
  const also = inFile.length > 0 ? `take ${inFile.join(" and ")} out of ${given.config}, and ` : "";
  return [`${also}try: ${command}`];
}

function verdict(findings: readonly Finding[]): string {
  const count = (status: Finding["status"]) => findings.filter((finding) => finding.status === status).length;
  const [failed, warned] = [count("fail"), count("warn")];
  if (failed > 0)
    return `${marks.fail} ${plural(failed, "failure")} to fix before a run${warned > 0 ? `, ${plural(warned, "warning")}` : ""}`;
  return warned > 0
    ? `${marks.warn} ready for a run, with ${plural(warned, "warning")}`
    : `${marks.pass} all checks passed`;
}
