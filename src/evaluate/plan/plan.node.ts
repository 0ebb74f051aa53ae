/** The plan of an evaluation: files opened, everything checked, nothing attacked yet. */
import { homedir } from "node:os";
import { join } from "node:path";
import { type AttackMember, aimsAtSet } from "../../attack/index.js";
import { inPlace, plural, type Radius, SeawallError, sizeOf } from "../../base/index.js";
import type { Plugin } from "../../components/index.js";
import { loadComponents } from "../../components/index.node.js";
import {
  type DataOptions,
  type Dataset,
  firstOfKind,
  parseDataSpec,
  type Sample,
  type ShardOf,
} from "../../data/index.js";
import { cachedClassWeights, openData, readClasses } from "../../data/index.node.js";
import { type PluginFacts, parseGate } from "../../journal/index.js";
import { readModelFile } from "../../onnx/index.node.js";
import { findImage, type ImageInput, type Model, type ModelOpener } from "../../oracle/index.js";
import { machineMemory, type SessionOptions, threadNotices } from "../../runtime/index.js";
import { attacksOf } from "./attacks.js";
import { type EvaluationConfig, radiiOf } from "./config.js";
import { dataOptionsOf, publishedEvaluation, sizeNotice } from "./data-options.js";
import { openFittingData } from "./fit-data.js";
import { engineOptions, openerOf, openSurrogate, type Surrogate } from "./models.node.js";
import { divisionOf, shardNotice } from "./shards.node.js";

export interface Plan {
  readonly config: EvaluationConfig;
  readonly modelSha256: string;
  /** The shape of the file's first input; empty if it does not say. */
  readonly modelInput: readonly (number | string)[];
  readonly data: Dataset;
  /** The first image of all shards that has a labelled pixel, on which the checks are made. */
  readonly probe: Sample;
  readonly model: ModelOpener;
  /** The model by whose gradient transferred attacks are made. */
  readonly surrogate: Surrogate | undefined;
  readonly classes: number;
  readonly classNames: readonly string[] | undefined;
  /** The attacks of the run with their steps. */
  readonly attacks: readonly AttackMember[];
  /** A round that gains less, as a share, is the last; absent for a run without rounds. */
  readonly leastGain?: number;
  /** The published code whose accounting `--protocol authors` follows. */
  readonly publishedVersion: "2023" | "2024";
  readonly radii: readonly Radius[];
  readonly classWeights: readonly number[] | undefined;
  /** How the engine is opened. */
  readonly engine: SessionOptions;
  /** Memory that attacking one image takes, roughly. */
  readonly workerBytes: number;
  /** The plugins whose parts the run may use. */
  readonly plugins: readonly PluginFacts[];
  /** Parts of the run are functions that cannot be sent to worker threads. */
  readonly oneWorker: boolean;
  readonly notices: readonly string[];
}

/**
 * Opens model and data and checks that they fit.
 * @param onNotice is told of decisions about images, while the plan is made and as further images are read
 * @param shard of a stored run whose plan is made again
 * @throws SeawallError naming the file or flag, what was expected, what came and what to do
 */
export async function makePlan(
  config: EvaluationConfig,
  pluginValues: readonly Plugin[] = [],
  onNotice?: (sentence: string) => void,
  shard?: ShardOf,
): Promise<Plan> {
  if (config.untrusted && pluginValues.length > 0) {
    throw new SeawallError(
      "config",
      "untrusted: the process in which the model is tried needs the plugins as files (`plugin`), not as values",
    );
  }
  const { components, plugins } = await loadComponents(config.plugin, pluginValues);
  const { attacks, leastGain } = attacksOf(config, components);
  checkGateSettings(config, attacks);
  const { graph, sha256: modelSha256 } = await readModelFile(config.model);
  const input = findImage(graph, config.layout);
  const dataOptions = {
    ...dataOptionsOf(config, input, await classesOf(config), components.datasets),
    ...divisionOf(config, shard),
    tell: firstOfKind((_, sentence) => onNotice?.(sentence)),
  };
  const modelFor = (classes: number | undefined) =>
    openerOf({ graph, networks: new Map() }, config, classes, components);
  const fitting = await openFittingData(openData, config.data, dataOptions, modelFor);
  const { data, probe, model } = fitting;
  const opened = await model.at(probe);
  checkPerturbed(config, input);
  checkShardSettings(config, attacks);
  checkOutput(config);
  const surrogate = await openSurrogate(config, attacks, input, opened.classes, components);
  const helper = surrogate && (await surrogate.model.at(probe));
  const workerBytes = workerBytesOf(opened) + (helper ? workerBytesOf(helper) : 0);
  return {
    config,
    modelSha256,
    modelInput: graph.inputs[0]!.shape ?? [],
    data,
    probe,
    model,
    surrogate,
    classes: opened.classes,
    classNames: data.classNames,
    attacks,
    ...(leastGain !== undefined && { leastGain }),
    publishedVersion: components.ensembles[config.attacks.trim()]?.publishedVersion ?? "2024",
    radii: radiiOf(config),
    classWeights: await weightsFor(config, attacks, fitting.options),
    engine: engineOptions(config),
    workerBytes,
    plugins,
    oneWorker: pluginValues.length > 0,
    notices: [
      ...opened.notices,
      ...(helper?.notices ?? []).map((notice) => `surrogate: ${notice}`),
      ...fitting.notices,
      ...shardNotice(config, data),
      ...afterNotice(config, attacks),
      ...sizeNotice(dataOptions),
      ...perturbedNotice(config, input),
      ...pluginNotices(pluginValues),
      ...threadNotices("--threads", config.threads),
      ...threadNotices("--parallel", config.parallel),
      ...memoryNotice(workerBytes),
    ],
  };
}

/** Arrays of an image's size that an attack holds: points, and gradients at them. */
const attackArrays = 8;

/**
 * The network: every value of its forward pass, of which the engine keeps about half and its gradient the rest, and every
 * weight three times: as stored, and as the engine lays it out for the forward and the backward part.
 * The image: what an attack holds of it, and logits.
 */
function workerBytesOf({ prepared: { graph, types, channels, classes }, height, width }: Model): number {
  const floats = (values: Iterable<string>) =>
    [...values].reduce((sum, value) => sum + sizeOf(types.get(value)?.shape ?? []), 0);
  const network = floats(graph.nodes.flatMap((node) => node.outputs)) + 3 * floats(graph.initializers.keys());
  return 4 * (network + height * width * (attackArrays * channels + classes));
}

function memoryNotice(bytes: number): string[] {
  const most = machineMemory();
  if (bytes <= most) return [];
  const [needed, there] = [bytes, most].map((amount) => `${(amount / 2 ** 30).toFixed(1)} GiB`);
  return [
    `WARNING: attacking one image takes about ${needed}, and this process may have ${there}; take smaller images with --crop or --resize-short`,
  ];
}

/** @throws SeawallError `config` for a gate that cannot be checked on the result of the run */
function checkGateSettings(
  { gate: gates = [], shard, eps, seeds }: EvaluationConfig,
  attacks: readonly AttackMember[],
): void {
  if (gates.length === 0) return;
  if (shard) {
    throw new SeawallError(
      "config",
      "--gate: figures of a shard are those of its own images; give the gates to seawall merge",
    );
  }
  const members = attacks.map(({ attack }) => attack.name);
  const subjects = { members, eps: radiiOf({ eps }).map(({ text }) => text), seeds };
  for (const gate of gates) inPlace("--gate", () => parseGate(gate, subjects));
}

function checkOutput({ saveImages, out }: EvaluationConfig): void {
  if (saveImages && out === undefined) {
    throw new SeawallError("config", "--save-images: images are stored in the run folder; give --out");
  }
}

/** A shard waits, in its run folder, for what the others find before an attack that aims at the whole set. */
function checkShardSettings({ shard, after, out }: EvaluationConfig, attacks: readonly AttackMember[]): void {
  const refuse = (message: string) => {
    throw new SeawallError("config", message);
  };
  if (after && !shard) refuse("--after names folders of other shards; give this one's --shard too");
  const needy = attacks.find(({ attack }) => aimsAtSet(attack));
  if (shard && needy && out === undefined) {
    refuse(
      `--shard: ${needy.attack.name} aims at the mIoU of the whole set, and waits for the other shards; give --out`,
    );
  }
}

/** A script may name the other shards whatever the attacks are. */
function afterNotice({ after }: EvaluationConfig, attacks: readonly AttackMember[]): string[] {
  if (!after || attacks.some(({ attack }) => aimsAtSet(attack))) return [];
  return ["--after: no attack of this run waits for other shards, so it is not needed"];
}

function pluginNotices(values: readonly Plugin[]): string[] {
  if (values.length === 0) return [];
  return [
    "plugins were given as values, so images are attacked one by one in this thread; plugins in files (`plugin`) run in several workers",
  ];
}

async function classesOf({ classes }: EvaluationConfig): Promise<DataOptions["classes"]> {
  return classes === undefined ? undefined : readClasses(String(classes));
}

function checkPerturbed({ perturbChannels = [] }: EvaluationConfig, { info, channels }: ImageInput): void {
  const missing = perturbChannels.find((channel) => channel > channels);
  if (missing === undefined) return;
  throw new SeawallError(
    "config",
    `--perturb-channels ${perturbChannels.join(",")}: image input "${info.name}" has ${plural(channels, "channel")}, counted from 1; channel ${missing} is none of them`,
  );
}

function perturbedNotice({ perturbChannels }: EvaluationConfig, { channels }: ImageInput): string[] {
  if (!perturbChannels) return [];
  const still = Array.from({ length: channels }, (_, i) => i + 1).filter((i) => !perturbChannels.includes(i));
  if (still.length === 0) return [];
  return [
    `attacks change ${channelsText(perturbChannels)} alone, and leave ${channelsText(still)} as stored`,
  ];
}

function channelsText(channels: readonly number[]): string {
  return `channel${channels.length === 1 ? "" : "s"} ${channels.join(", ")}`;
}

/** Weights of the classes for those attacks that need them; counted once and kept in the user's cache. */
async function weightsFor(config: EvaluationConfig, attacks: readonly AttackMember[], options: DataOptions) {
  if (!attacks.some(({ attack }) => attack.losses.some((loss) => loss.needsClassWeights))) return undefined;
  const published = publishedEvaluation(config, options.datasets)?.classWeights;
  if (published) return publishedWeights(config, published);
  const training = await openTraining(config, options);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "seawall");
  const { weights } = await cachedClassWeights(
    training,
    join(cache, `class-weights-${training.filesSha256.slice(0, 16)}.json`),
  );
  return weights;
}

function publishedWeights({ classWeights, data }: EvaluationConfig, published: readonly number[]) {
  if (classWeights === undefined) return published;
  throw new SeawallError(
    "config",
    `--class-weights ${classWeights}: --protocol authors uses the published weights for --data ${data}; leave one of the two flags out`,
  );
}

async function openTraining(config: EvaluationConfig, options: DataOptions): Promise<Dataset> {
  const { name, layout } = parseDataSpec(config.data, options.datasets);
  const split = layout.trainingSplit;
  const { labels: _, limit: __, offset: ___, shard: ____, costOf: _____, split: ______, ...rest } = options;
  try {
    if (config.classWeights !== undefined)
      return await openData(config.classWeights, { ...rest, transform: {} });
    if (split !== undefined) return await openData(config.data, { ...rest, split, transform: {} });
  } catch (error) {
    throw new SeawallError(
      "data",
      `class-balanced-ce needs class weights, and the training labels cannot be counted: ${(error as Error).message}; name others with --class-weights SPEC`,
      { cause: error },
    );
  }
  throw new SeawallError(
    "config",
    `class-balanced-ce (in sea-2024 and strongest) needs class weights, and ${name}: has no training split; name labels to count with --class-weights folder:IMAGES,LABELS, or use sea-2023`,
  );
}
