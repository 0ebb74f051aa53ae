/** Checkpoints: one file that holds all that shapes the next step, and reads as weights of the network too. */
import { z } from "zod";
import { float32, invariant, SeawallError, type Tensor } from "../../base/index.js";
import { type BuildRecord, recordMetadata } from "../../nn/index.js";
import { readWeightsFile, writeSafetensorsFile } from "../../weights/index.node.js";
import { type OptimizerName, optimizers } from "../graphs/optimizers.js";
import type { ValidationHistory } from "./history.js";
import { layOut, pack, type VectorLayout, viewsOf } from "./layout.js";
import type { ParameterLayouts, TrainingState } from "./state.js";

/** What a checkpoint knows beside tensors. Checkpoints of earlier versions have `step` and `best` alone. */
const recordSchema = z.strictObject({
  step: z.int().min(0),
  best: z.strictObject({ bestRobust: z.number().optional(), bestClean: z.number().optional() }),
  stale: z.int().min(0).default(0),
  top: z.array(z.strictObject({ step: z.int().min(0), figure: z.number().min(0).max(1) })).default([]),
});
const perturbationKey = "training.perturbation";
const recordKey = "seawall.training";

/** What a training must know to save and to continue. */
export interface CheckpointFormat {
  readonly layouts: ParameterLayouts;
  readonly optimizer: OptimizerName;
  readonly averaging: boolean;
  /** Shape of the perturbation that replays carry; undefined without replays. */
  readonly perturbation?: readonly number[] | undefined;
  readonly build: BuildRecord;
}

/** Vectors other than the weights, by the prefix of their tensors' names. */
function extras({ optimizer, averaging }: CheckpointFormat): string[] {
  return [
    ...optimizers[optimizer].moments.map((name) => `training.${name}/`),
    ...(averaging ? ["training.current/"] : []),
  ];
}

/**
 * Saves a state, whole or not at all. The tensors under the network's own names are the weights to use it with: the
 * average where one is kept.
 * @throws SeawallError `training` naming the file; what was there before stays
 */
export async function saveCheckpoint(
  file: string,
  format: CheckpointFormat,
  state: TrainingState,
  history: ValidationHistory,
): Promise<void> {
  const { learned, statistics } = format.layouts;
  const { parameters, average, moments } = state;
  const vectors = [...moments, ...(average ? [parameters] : [])];
  const tensors: Record<string, Tensor> = {
    ...viewsOf(learned, average ?? parameters),
    ...viewsOf(statistics, state.statistics),
  };
  for (const [i, prefix] of extras(format).entries()) {
    Object.assign(tensors, viewsOf(learned, vectors[i]!, prefix));
  }
  if (state.perturbation) tensors[perturbationKey] = float32(format.perturbation!, state.perturbation);
  const record = { step: state.step, ...history };
  const metadata = recordMetadata(format.build).set(recordKey, JSON.stringify(record));
  await writeSafetensorsFile(file, new Map(Object.entries(tensors)), metadata);
}

/**
 * The state that `saveCheckpoint` wrote.
 * @throws SeawallError `training` if the file is no checkpoint of this network and optimizer
 */
export async function loadCheckpoint(
  file: string,
  format: CheckpointFormat,
): Promise<{ state: TrainingState; history: ValidationHistory }> {
  const { tensors, metadata } = await readWeightsFile(file);
  const { step, ...history } = recordOf(file, metadata.get(recordKey));
  const { learned, statistics } = format.layouts;
  const vector = (layout: VectorLayout, prefix = "") => packed(file, layout, tensors, prefix);
  const used = vector(learned);
  const [current, moments] = [
    format.averaging ? vector(learned, "training.current/") : used,
    optimizers[format.optimizer].moments.map((name) => vector(learned, `training.${name}/`)),
  ];
  return {
    history,
    state: {
      step,
      parameters: current,
      statistics: vector(statistics),
      moments,
      average: format.averaging ? used : undefined,
      perturbation: format.perturbation && perturbationOf(file, format.perturbation, tensors),
    },
  };
}

/**
 * The weights to use the network with, by name, of a file that `saveCheckpoint` wrote.
 * @throws SeawallError `training` if the file is no checkpoint of this network
 */
export async function loadTrainedWeights(
  file: string,
  { layouts: { learned, statistics } }: Pick<CheckpointFormat, "layouts">,
): Promise<Map<string, Tensor>> {
  const { tensors } = await readWeightsFile(file);
  const views = [learned, statistics].map((layout) => viewsOf(layout, packed(file, layout, tensors, "")));
  return new Map(views.flatMap((own) => Object.entries(own)));
}

function recordOf(file: string, text: string | undefined): ValidationHistory & { readonly step: number } {
  if (text === undefined) throw refusal(file, "it holds weights, but no training to continue");
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw refusal(file, `its metadata "${recordKey}" is damaged`, cause);
  }
}

function perturbationOf(
  file: string,
  shape: readonly number[],
  tensors: ReadonlyMap<string, Tensor>,
): Float32Array {
  return packed(file, layOut([{ name: perturbationKey, shape }]), tensors, "");
}

function packed(
  file: string,
  layout: VectorLayout,
  tensors: ReadonlyMap<string, Tensor>,
  prefix: string,
): Float32Array {
  const own = new Map(layout.places.map(({ name }) => [name, tensors.get(`${prefix}${name}`)]));
  for (const { name, shape } of layout.places) {
    const tensor = own.get(name);
    if (tensor?.type === "float32" && tensor.dims.join() === shape.join()) continue;
    const found = tensor ? `${tensor.type} [${tensor.dims.join(", ")}]` : "missing";
    throw refusal(file, `${prefix}${name} is ${found}, expected float32 [${shape.join(", ")}]`);
  }
  invariant(own.size === layout.places.length, "names of a layout are unique");
  return pack(layout, own as ReadonlyMap<string, Tensor>);
}

function refusal(file: string, problem: string, cause?: unknown): SeawallError {
  return new SeawallError(
    "training",
    `${file}: not a checkpoint of this training: ${problem}; begin anew in another --out, or from its weights with --init`,
    { cause },
  );
}
