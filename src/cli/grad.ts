/** `seawall grad`: a model in, a model out that also returns gradients. */
import { type Command, Option } from "commander";
import { SeawallError, sizeOf } from "../base/index.js";
import { formatJson } from "../journal/index.js";
import { writeFileAtomic } from "../journal/index.node.js";
import { type ValueInfo, writeModel } from "../onnx/index.js";
import { readModelFile } from "../onnx/index.node.js";
import { type ExportedGradient, type ExportOptions, exportGradient } from "../oracle/index.js";
import { alignRows, formatCount } from "../report/index.js";
import { settingHelp } from "./flags.js";
import { print, say } from "./terminal.js";
import { sizes, whole } from "./values.js";

interface GradOptions {
  readonly model: string;
  readonly loss: ExportOptions["loss"];
  readonly out: string;
  readonly inputShape?: string;
  readonly params?: boolean;
  readonly wrt?: readonly string[];
  readonly output?: string;
  readonly ignoreLabel?: string;
  readonly check: boolean;
  readonly json?: boolean;
}

export function verb(command: Command): void {
  const loss = new Option("--loss <ce|none>", "none: any loss outside, through the input output_grad");
  command
    .description("Writes an ONNX model that also returns gradients, in standard operators only.")
    .requiredOption("--model <FILE>", "ONNX file")
    .requiredOption("--out <FILE>", "ONNX file to write")
    .addOption(loss.choices(["ce", "none"]).default("ce"))
    .option("--input-shape <1x3xHxW>", "shape of the input, where the file leaves it open")
    .option("--output <NAME>", settingHelp("output"))
    .option("--ignore-label <L>", "pixels with this label count nowhere (default: -1)")
    .option("--params", "one more output grad/NAME for each trainable initializer")
    .option("--wrt <NAME...>", "float inputs to differentiate, with --loss none; default: all")
    .option("--no-check", "write without comparing with finite differences")
    .option("--json", "print inputs, outputs and the check as JSON on stdout")
    .addHelpText("after", example)
    .action(gradAction);
}

const example = `
Example:
  seawall grad --model model.onnx --loss ce --input-shape 1x3x360x480 --out model.grad.onnx`;

async function gradAction(options: GradOptions): Promise<void> {
  const { graph } = await readModelFile(options.model);
  const exported = await exportGradient(graph, exportOptions(options));
  const bytes = writeModel(exported.graph);
  writeFileAtomic(options.out, bytes);
  const written = summaryOf(exported, options.out, bytes.length);
  if (options.json) print(formatJson(written));
  else say(...exported.notices, "", ...summaryLines(written));
}

function exportOptions({ loss, check, ...given }: GradOptions): ExportOptions {
  const { inputShape, params, wrt, output, ignoreLabel } = given;
  if (wrt && loss !== "none") {
    throw new SeawallError("usage", "--wrt: --loss ce differentiates the image; add --loss none for others");
  }
  return {
    loss,
    check,
    ...(params && { params }),
    ...(wrt && { wrt }),
    ...(output !== undefined && { output }),
    ...(inputShape !== undefined && { inputShape: flagValue("--input-shape", inputShape, readShape) }),
    ...(ignoreLabel !== undefined && { ignoreLabel: flagValue("--ignore-label", ignoreLabel, whole) }),
  };
}

function readShape(text: string): number[] {
  const shape = sizes(text, "1x3x360x480");
  if (sizeOf(shape) > 0) return shape;
  throw new Error(`expected sizes of at least 1, got "${text}"`);
}

function flagValue<T>(flag: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    throw new SeawallError("usage", `${flag}: ${(error as Error).message}`);
  }
}

function summaryOf({ graph, notices, check }: ExportedGradient, file: string, bytes: number) {
  const { inputs, outputs, nodes, opset } = graph;
  return { file, bytes, opset, nodes: nodes.length, inputs, outputs, notices, check: check ?? null };
}

function summaryLines(written: ReturnType<typeof summaryOf>): string[] {
  const { inputs, outputs, check, file, bytes, nodes, opset } = written;
  const size = `${formatCount(bytes)} bytes, ${formatCount(nodes)} nodes, opset ${opset}`;
  return [
    ...alignRows([
      ...inputs.map((value) => ["input", ...valueCells(value)]),
      ...outputs.map((value) => ["output", ...valueCells(value)]),
    ]),
    check
      ? `checked: differs from finite differences by ${check.error.toPrecision(2)} of its norm at most, along ${check.directions} directions`
      : "not checked",
    `written: ${file} (${size})`,
  ];
}

function valueCells({ name, type, shape }: ValueInfo): [string, string, string] {
  return [name, type ?? "", shape?.join("×") ?? ""];
}
