/** `seawall grad`: writes a model that also returns gradients. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { formatJson, SeawallError } from "../../base/index.js";
import { tryModel } from "../../evaluate/index.node.js";
import type { ValueInfo } from "../../onnx/index.js";
import { readModelFile, writeModelFile } from "../../onnx/index.node.js";
import {
  describeCheck,
  type ExportedGradient,
  type ExportOptions,
  exportGradient,
} from "../../oracle/index.js";
import { alignRows, formatCount } from "../../report/index.js";
import { print, say } from "../output/terminal.js";
import { settingHelp } from "../settings/flags.js";
import { flagValue, sizes, whole } from "../settings/values.js";

interface GradOptions {
  readonly model: string;
  readonly loss: ExportOptions["loss"];
  readonly out: string;
  readonly inputShape?: string;
  readonly params?: boolean;
  readonly wrt?: readonly string[];
  readonly output?: string;
  readonly ignoreLabel?: string;
  readonly window?: string;
  readonly untrusted?: boolean;
  readonly check: boolean;
  readonly json?: boolean;
}

export function gradVerb(command: Command): void {
  const loss = new Option("--loss <ce|none>", "none: any loss outside, through the input output_grad");
  command
    .description("Writes an ONNX model that also returns gradients, in standard operators only.")
    .requiredOption("--model <FILE>", "ONNX file")
    .requiredOption("--out <FILE>", "ONNX file to write")
    .addOption(loss.choices(["ce", "none"]).default("ce"))
    .option("--input-shape <1xCxHxW>", "shape of the input, where the file leaves it open")
    .option("--output <NAME>", settingHelp("output"))
    .option("--ignore-label <L>", "pixels with this label count nowhere (default: -1)")
    .option("--params", "one more output grad/NAME for each trainable initializer")
    .option("--wrt <NAME...>", "float inputs to differentiate, with --loss none; default: all")
    .addOption(new Option("--window <HxW>").hideHelp())
    .option("--untrusted", settingHelp("untrusted"))
    .option("--no-check", "write without comparing with finite differences")
    .option("--json", "print inputs, outputs and the check as JSON on stdout")
    .addHelpText("after", example)
    .action(gradAction);
}

const example = `
Example:
  seawall grad --model model.onnx --loss ce --input-shape 1x3x360x480 --out model.grad.onnx`;

async function gradAction(options: GradOptions): Promise<void> {
  const wanted = exportOptions(options);
  const { graph } = await readModelFile(options.model);
  if (options.untrusted) await tryModel(graph, { kind: "export", options: wanted });
  const exported = await exportGradient(graph, wanted);
  await writeModelFile(options.out, exported.graph);
  const written = summaryOf(exported, options.out);
  if (options.json) print(formatJson(written));
  else say(...exported.notices, "", ...summaryLines(written));
}

function exportOptions({ loss, check, ...given }: GradOptions): ExportOptions {
  const { inputShape, params, wrt, output, ignoreLabel, window, model, out } = given;
  if (window !== undefined) {
    throw new SeawallError(
      "usage",
      `--window ${window}: grad writes the gradient of the network itself; write it at the window's size with --input-shape and --loss none, and add up the gradients of the windows, or attack the windowed model with seawall eval`,
    );
  }
  if (resolve(model) === resolve(out)) {
    throw new SeawallError("usage", `--out ${out}: would replace the model; give another file`);
  }
  if (wrt && loss !== "none") {
    throw new SeawallError("usage", "--wrt: --loss ce differentiates the image; add --loss none for others");
  }
  return {
    loss,
    check,
    ...(params && { params }),
    ...(wrt && { wrt }),
    ...(output !== undefined && { output }),
    ...(inputShape !== undefined && {
      inputShape: flagValue("--input-shape", inputShape, sizes("1x3x360x480")),
    }),
    ...(ignoreLabel !== undefined && { ignoreLabel: flagValue("--ignore-label", ignoreLabel, whole) }),
  };
}

function summaryOf({ graph, notices, check }: ExportedGradient, file: string) {
  const { inputs, outputs, nodes, opset } = graph;
  return {
    file,
    bytes: statSync(file).size,
    opset,
    nodes: nodes.length,
    inputs,
    outputs,
    notices,
    check: check ?? null,
  };
}

function summaryLines(written: ReturnType<typeof summaryOf>): string[] {
  const { inputs, outputs, check, file, bytes, nodes, opset } = written;
  const size = `${formatCount(bytes)} bytes, ${formatCount(nodes)} nodes, opset ${opset}`;
  return [
    ...alignRows([
      ...inputs.map((value) => ["input", ...valueCells(value)]),
      ...outputs.map((value) => ["output", ...valueCells(value)]),
    ]),
    check ? `${check.verdict === "agrees" ? "checked" : "gradient"}: ${describeCheck(check)}` : "not checked",
    `written: ${file} (${size})`,
  ];
}

function valueCells({ name, type, shape }: ValueInfo): [string, string, string] {
  return [name, type ?? "", shape?.join("×") ?? ""];
}
