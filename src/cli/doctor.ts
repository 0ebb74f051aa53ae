/** `seawall doctor`: check the machine, a model and a data set before a long run. */
import type { Command } from "commander";
import type { Size } from "../data/index.js";
import { evaluationSchema } from "../evaluate/index.js";
import { formatJson } from "../journal/index.js";
import { type ExaminedData, examineData, firstSample } from "./doctor/data.js";
import type { Finding, Settings } from "./doctor/finding.js";
import { histogramLines, labelFindings } from "./doctor/labels.js";
import { examineEngine, examineMachine } from "./doctor/machine.js";
import { examineModel } from "./doctor/model.js";
import { exitCodes } from "./exit.js";
import { addFlags, configHelp, evaluationFlags, settings } from "./flags.js";
import { checkLines, longest, marks } from "./lines.js";
import { readSettings } from "./settings.js";
import { paint, print, say } from "./terminal.js";

interface DoctorOptions extends Readonly<Record<string, unknown>> {
  readonly config?: string;
  readonly json?: boolean;
}

export function verb(command: Command): void {
  command.description(
    "Checks the machine, the engine's devices, a model and the first images of a data set.",
  );
  addFlags(command, looked);
  command
    .option("--config <FILE>", configHelp)
    .option("--json", "print the findings as JSON on stdout")
    .addHelpText("after", example)
    .action(doctorAction);
}

/** What the doctor looks at; a configuration file may hold more. */
const looked = settings.filter((setting) => {
  const { group } = evaluationFlags[setting];
  return (group === "Model" || group === "Data") && setting !== "classWeights";
});

const example = `
Everything is optional; --limit says how many images are read (default: 20).

Example:
  seawall doctor --model model.onnx --data folder:images,labels --ignore-label 255`;

async function doctorAction(options: DoctorOptions): Promise<void> {
  const chosen: Settings = await readSettings(evaluationSchema.partial(), options, options.config);
  const resized = (size: Size) => firstSample(chosen.data!, chosen, size);
  const data = chosen.data === undefined ? undefined : await examineData(chosen.data, chosen);
  const model =
    chosen.model === undefined ? undefined : await examineModel(chosen.model, chosen, data?.first, resized);
  const labels = data?.tally ? labelFindings(data.tally, model?.model?.prepared.classes) : [];
  const findings = [
    ...examineMachine(),
    ...(await examineEngine()),
    ...(model?.findings ?? []),
    ...(data?.findings.list ?? []),
    ...labels,
  ];
  if (options.json) print(formatJson({ findings, labels: data?.tally ?? null }));
  else say(...findingLines(findings), ...labelLines(data), "", verdict(findings));
  if (findings.some(({ status }) => status === "fail")) process.exitCode = exitCodes.usage;
}

const topics = ["machine", "engine", "model", "data"] as const satisfies readonly Finding["topic"][];

function findingLines(findings: readonly Finding[]): string[] {
  const widest = longest(findings.map(({ name }) => name));
  return topics.flatMap((topic) => {
    const own = findings.filter((finding) => finding.topic === topic);
    return own.length === 0 ? [] : ["", paint("bold", topic), ...checkLines(own, widest)];
  });
}

function labelLines(data: ExaminedData | undefined): string[] {
  return data?.tally ? ["", ...histogramLines(data.tally, data.classNames)] : [];
}

function verdict(findings: readonly Finding[]): string {
  const count = (status: Finding["status"]) => findings.filter((finding) => finding.status === status).length;
  const [failed, warned] = [count("fail"), count("warn")];
  if (failed > 0)
    return `${marks.fail} ${failed} to mend before a run${warned > 0 ? `, ${warned} to look at` : ""}`;
  return warned > 0
    ? `${marks.warn} nothing in the way of a run, ${warned} to look at`
    : `${marks.pass} all in order`;
}
