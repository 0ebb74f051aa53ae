/** `seawall convert`: makes an ONNX file from a checkpoint and an architecture, or a safetensors file from either. */
import { statSync } from "node:fs";
import { type Command, Option } from "commander";
import { formatJson, inPlace, SeawallError } from "../../base/index.js";
import {
  type ArchitectureName,
  architecturesFor,
  type ConvertOptions,
  convertCheckpoint,
  extractWeights,
  type Normalization,
  recordInMetadata,
  recordMetadata,
} from "../../nn/index.js";
import { type Graph, halveWeights } from "../../onnx/index.js";
import { readModelFile, writeModelFile } from "../../onnx/index.node.js";
import { formatCount } from "../../report/index.js";
import type { Weights } from "../../weights/index.js";
import { readWeightsFile, writeSafetensorsFile } from "../../weights/index.node.js";
import { paint, print, say } from "../output/terminal.js";
import { flagValue, whole } from "../settings/values.js";
import { architectureName, imageSize } from "./models.js";

interface ConvertFlags {
  readonly weights?: string;
  readonly model?: string;
  readonly out: string;
  readonly architecture?: string;
  readonly classes?: string;
  readonly size?: string;
  readonly batchSize?: string;
  readonly auxiliary?: boolean;
  readonly normalize?: Normalization;
  readonly allowMissing?: boolean;
  readonly half?: boolean;
  readonly seed?: string;
  readonly json?: boolean;
}

export function convertVerb(command: Command): void {
  const normalize = new Option(
    "--normalize <none|imagenet>",
    "normalization that the graph applies to images in [0, 1]",
  );
  command
    .description(
      "Makes an ONNX file from a checkpoint, or a safetensors file from a checkpoint or an ONNX file.",
    )
    .requiredOption("--out <FILE>", "file to write: .onnx or .safetensors")
    .option("--weights <FILE>", "checkpoint: .pth, .pt or .safetensors, in any known key map")
    .option("--model <FILE>", "an ONNX file that this verb wrote, instead of a checkpoint")
    .option(
      "--architecture <NAME>",
      "architecture, see seawall models (default: the one that fits the checkpoint)",
    )
    .option("--classes <K>", "number of classes (default: as in the checkpoint)")
    .option("--size <HxW>", "image size (default: that of the architecture's best known checkpoints)")
    .option("--batch-size <N>", "fix the number of images per run (default: left open)")
    .option("--auxiliary", "keep the auxiliary head as a second output")
    .addOption(normalize.choices(["none", "imagenet"]))
    .option("--half", "store weights in float16 (half the file size); computation stays in float32")
    .option("--allow-missing", "initialize parameters at random that the checkpoint lacks")
    .option("--seed <N>", "random seed of these parameters (default: 0)")
    .option("--json", "print the outcome as JSON on stdout")
    .addHelpText("after", example)
    .action(convertAction);
}

const example = `
Example:
  seawall convert --weights upernet_convnext_t_voc.pth --out upernet.onnx --size 473x473
  seawall convert --model upernet.onnx --out upernet.safetensors`;

async function convertAction(flags: ConvertFlags): Promise<void> {
  const ending = /\.(onnx|safetensors)$/.exec(flags.out)?.[1];
  if (!ending) throw usage(`--out ${flags.out}: give a name that ends in .onnx or .safetensors`);
  if (flags.half && ending !== "onnx")
    throw usage("--half: only a model is stored in float16; give an .onnx --out");
  if (ending === "safetensors" && (await copyUnknown(flags))) return;
  const { graph, report } = flags.model === undefined ? await fromWeights(flags) : await fromModel(flags);
  if (ending === "onnx") await writeModelFile(flags.out, flags.half ? halveWeights(graph) : graph);
  else {
    const { weights, record } = extractWeights(graph);
    await writeSafetensorsFile(flags.out, weights, recordMetadata(record));
  }
  const bytes = statSync(flags.out).size;
  if (flags.json) print(formatJson({ file: flags.out, bytes, ...report }));
  else say(...report.notices.map(emphasized), `written: ${flags.out} (${formatCount(bytes)} bytes)`);
}

/** Writes weights that fit no built-in architecture to a safetensors file, unchanged. Returns false if one fits. */
async function copyUnknown({ weights, architecture, out, json }: ConvertFlags): Promise<boolean> {
  if (weights === undefined || architecture !== undefined) return false;
  const { tensors, metadata } = await readWeightsFile(weights);
  if (recordInMetadata(metadata) || architecturesFor(tensors).length > 0) return false;
  await writeSafetensorsFile(out, tensors, metadata);
  const notice = `fits no built-in architecture: ${formatCount(tensors.size)} tensors copied unchanged`;
  const bytes = statSync(out).size;
  if (json) print(formatJson({ file: out, bytes, tensors: tensors.size, notices: [notice] }));
  else say(notice, `written: ${out} (${formatCount(bytes)} bytes)`);
  return true;
}

async function fromModel({ model, weights, out }: ConvertFlags) {
  if (weights !== undefined) throw usage("--weights and --model: give one of them");
  if (out.endsWith(".onnx")) throw usage(`--out ${out}: a model becomes a .safetensors file`);
  const { graph } = await readModelFile(model!);
  return inPlace(model, () => ({
    graph,
    report: { ...extractWeights(graph).record, notices: [] as string[] },
  }));
}

async function fromWeights(
  flags: ConvertFlags,
): Promise<{ graph: Graph; report: { notices: readonly string[] } }> {
  if (flags.weights === undefined) throw usage("--weights FILE is missing: the checkpoint to convert");
  const weights = await readWeightsFile(flags.weights);
  const options = convertOptions(flags, weights);
  return inPlace(flags.weights, () =>
    convertCheckpoint(weights.tensors, chosenArchitecture(flags.architecture, weights), options),
  );
}

function convertOptions(flags: ConvertFlags, { metadata }: Weights): ConvertOptions {
  const { classes, size, batchSize, auxiliary, normalize, allowMissing, seed } = flags;
  return {
    metadata,
    ...(classes !== undefined && { classes: flagValue("--classes", classes, whole) }),
    ...(size !== undefined && { size: imageSize("--size", size) }),
    ...(batchSize !== undefined && { batch: flagValue("--batch-size", batchSize, whole) }),
    ...(auxiliary && { auxiliary }),
    ...(normalize !== undefined && { normalization: normalize }),
    ...(allowMissing && { allowMissing }),
    ...(seed !== undefined && { seed: flagValue("--seed", seed, whole) }),
  };
}

function chosenArchitecture(given: string | undefined, { metadata, tensors }: Weights): ArchitectureName {
  if (given !== undefined) return architectureName(given);
  const recorded = recordInMetadata(metadata)?.architecture;
  if (recorded) return recorded;
  const fitting = architecturesFor(tensors);
  if (fitting.length === 1) return fitting[0]!;
  const found =
    fitting.length === 0
      ? "the checkpoint fits no architecture completely"
      : `the checkpoint fits ${fitting.join(" and ")}`;
  throw usage(`${found}; choose one with --architecture (seawall models lists them)`);
}

/** Colours a notice about missing parameters. */
function emphasized(notice: string): string {
  return notice.startsWith("NOT IN") ? paint("yellow", notice) : notice;
}

function usage(message: string): SeawallError {
  return new SeawallError("usage", message);
}
