/** The plan of a training: everything that follows from its configuration, checked before the first update. */
import { availableParallelism } from "node:os";
import { attackLosses } from "../../attack/index.js";
import { parseRadius, plural, SeawallError } from "../../base/index.js";
import type { Components, Plugin } from "../../components/index.js";
import { loadComponents } from "../../components/index.node.js";
import {
  type Dataset,
  type DatasetTable,
  type FileDataset,
  imageEncoding,
  parseDataSpec,
} from "../../data/index.js";
import {
  type BatchOptions,
  type LabelTarget,
  openData,
  openTrainingData,
  overlap,
  readClasses,
} from "../../data/index.node.js";
import type { PluginFacts } from "../../journal/index.js";
import type { Loss } from "../../loss/index.js";
import { architectures, normalizationFor } from "../../nn/index.js";
import { mostThreads, type SessionOptions, threadNotices } from "../../runtime/index.js";
import { checkTrainable, climbedLosses } from "../graphs/loss.js";
import type { InnerAttack } from "../loop/inner-attack.js";
import { buildNetwork, type NetworkBuilds, type NetworkOptions } from "../loop/network.js";
import type { LoopSettings } from "../loop/train.js";
import type { TrainingConfig } from "../settings/config.js";
import type { CheckpointFormat } from "../state/checkpoint.node.js";
import type { Judging } from "../state/history.js";

/** Everything that a training needs, before its first update. */
export interface TrainingPlan {
  readonly config: TrainingConfig;
  readonly classes: number;
  readonly target: LabelTarget;
  readonly training: FileDataset;
  /** Images that choose the best checkpoint, cropped as in evaluation; undefined where none is held out. */
  readonly heldOut: Dataset | undefined;
  readonly network: NetworkOptions;
  readonly engine: SessionOptions;
  readonly builds: NetworkBuilds;
  readonly format: CheckpointFormat;
  readonly batches: BatchOptions;
  readonly loop: LoopSettings;
  readonly validationAttack: InnerAttack;
  readonly judging: Judging;
  /** The plugins whose parts the training may use. */
  readonly plugins: readonly PluginFacts[];
  /** Decisions and warnings, one sentence each. */
  readonly notices: readonly string[];
}

/**
 * Opens the data and lays out the network; no pixel is read and nothing is written.
 * @throws SeawallError with what is wrong and what to do
 */
export async function planTraining(
  config: TrainingConfig,
  pluginValues: readonly Plugin[] = [],
): Promise<TrainingPlan> {
  const { components, plugins } = await loadComponents(config.plugin, pluginValues);
  const { architecture, optimizer, attackSteps } = config;
  const data = await openSets(config, components.datasets);
  const classes = data.training.settings.classes!;
  const engine = engineOptions(config);
  const loss = lossNamed(config.loss, components, classes);
  const { rules } = components;
  const network = { ...networkOptions(config, engine), loss, climbed: climbedLosses[config.attack], rules };
  const { channels = 3 } = config;
  const normalization = normalizationFor(architectures[architecture], channels, config.normalize);
  const variant = { classes, normalization };
  const builds = buildNetwork(architectures[architecture], network, variant, config.rates);
  const loop = loopSettings(config, network, data.training.length, classes);
  const attack = { ...loop.attack, steps: config.validationSteps, randomStart: true };
  const target = architectures[architecture].family === "classifier" ? "majority" : "pixels";
  return {
    ...{ config, classes, target, network, engine, builds, loop, plugins, ...data },
    batches: batchOptionsOf(config, target),
    format: {
      layouts: builds.layouts,
      optimizer,
      averaging: config.ema !== undefined,
      ...(config.replay !== undefined && {
        perturbation: [config.batchSize * config.accumulate, channels, ...network.size],
      }),
      build: { architecture, normalization, ...(channels !== 3 && { channels }) },
    },
    judging: { decides: attackSteps === 0 ? "bestClean" : "bestRobust", keep: config.top ?? 0 },
    validationAttack: { ...attack, stepSize: Math.min(attack.stepSize, attack.radius / 4) },
    notices: [
      ...data.notices,
      ...channelNotice(config),
      ...(attackSteps === 0 ? ["clean training: no attack"] : []),
      ...threadNotices("--threads", config.threads),
      ...threadNotices("--workers", config.workers),
    ],
  };
}

function channelNotice({ channels = 3, normalize, architecture }: TrainingConfig): string[] {
  const usual = normalize ?? architectures[architecture].normalization;
  if (channels === 3 || usual === "none") return [];
  return [
    `ImageNet normalization is for 3 channels: images of ${plural(channels, "channel")} are not normalized`,
  ];
}

function lossNamed(name: string, { losses }: Components, classes: number): Loss {
  const loss = Object.hasOwn(losses, name) ? losses[name] : undefined;
  if (!loss)
    throw new SeawallError(
      "config",
      `--loss ${name}: no loss "${name}"; there are ${attackLosses({ losses }).join(", ")}`,
    );
  checkTrainable(loss, classes);
  return loss;
}

async function openSets(config: TrainingConfig, datasets: DatasetTable) {
  const { data, holdOut, limit, split: wanted } = config;
  const { ignoreLabel, labelMap, palette, labelSuffix, labelVariant } = config;
  const given = {
    ...{ split: wanted, classes: await givenClasses(config), datasets },
    ...{ ignoreLabel, labelMap, palette, labelSuffix, labelVariant },
    encoding: imageEncoding(config, config.channels ?? 3),
  };
  const all = await openTrainingData(data, { ...given, limit });
  if (holdOut === 0)
    return {
      training: all,
      heldOut: undefined,
      notices: [...all.notices, ...(await overlapNotices(config, all, datasets))],
    };
  const kept = all.length - holdOut;
  if (kept < config.batchSize) {
    throw new SeawallError(
      "config",
      `--hold-out ${holdOut} of ${all.length} images leaves ${Math.max(kept, 0)}, fewer than a batch of ${config.batchSize}; hold out fewer`,
    );
  }
  const [height, width] = cropOf(config);
  const transform = { resizeShort: baseSizeOf(config), crop: [height, width] as const };
  // Parts of a set of masks could be taken for labels of another kind.
  const read = { ...given, labelMap: labelMap ?? all.settings.labelMap };
  const training = await openTrainingData(data, { ...read, limit: kept });
  const { split } = training.settings;
  const heldOut = await openData(data, { ...read, split, offset: kept, limit: holdOut, transform });
  const notices = [...training.notices, ...(await overlapNotices(config, training, datasets))];
  return { training, heldOut, notices };
}

/** Warns of training images that are in the evaluation split too: they make later figures too good. */
async function overlapNotices(
  { data, split }: TrainingConfig,
  training: FileDataset,
  datasets: DatasetTable,
): Promise<string[]> {
  const { layout } = parseDataSpec(data, datasets);
  const evaluation = layout.defaultSplit;
  if (evaluation === undefined || evaluation === split) return [];
  const other = await openData(data, { split: evaluation, datasets }).catch(() => undefined);
  const { sameFile, sameName } = other ? await overlap(training, other) : nothingShared;
  const shared = [...sameFile, ...sameName];
  if (shared.length === 0) return [];
  const first = `${shared.slice(0, 3).join(", ")}${shared.length > 3 ? ", …" : ""}`;
  return [
    `WARNING: ${shared.length} training images are in split ${evaluation} too (${first}; ${sameFile.length} by content, ${sameName.length} by name): figures on it will be too good`,
  ];
}

const nothingShared = { sameFile: [], sameName: [] };

async function givenClasses({ classes }: TrainingConfig) {
  return classes === undefined ? undefined : readClasses(String(classes));
}

function cropOf({ crop, architecture }: TrainingConfig): readonly [number, number] {
  return crop ?? architectures[architecture].size;
}

function baseSizeOf(config: TrainingConfig): number {
  return config.baseSize ?? Math.min(...cropOf(config));
}

function engineOptions({ device, threads }: TrainingConfig): SessionOptions {
  return { device, ...(threads !== undefined && { threads: Math.min(threads, mostThreads) }) };
}

function networkOptions(config: TrainingConfig, engine: SessionOptions): NetworkOptions {
  const { batchSize, seed, attackGradients } = config;
  const options = {
    ...{ batchSize, seed },
    size: cropOf(config),
    channels: config.channels,
    attacked: batchSize - cleanImagesOf(config),
    accumulating: attackGradients === "accumulate",
    recompute: config.recompute,
    replaying: config.replay !== undefined,
  };
  // An accelerator attacks a batch best as a whole.
  const { device = "cpu", threads = availableParallelism() } = engine;
  return { ...options, parts: device === "cpu" ? threads : 1 };
}

function cleanImagesOf({ cleanShare, batchSize }: TrainingConfig): number {
  return Math.min(Math.round(cleanShare * batchSize), batchSize - 1);
}

/** A cross-entropy above this many times that of guessing counts as diverged. */
const hopeless = 10;

function loopSettings(
  config: TrainingConfig,
  { batchSize, seed }: NetworkOptions,
  images: number,
  classes: number,
): LoopSettings {
  const { accumulate, epochs, replay = 1, warmupEpochs, power, floor, learningRate } = config;
  const stepsPerEpoch = Math.floor(images / batchSize / accumulate);
  if (stepsPerEpoch === 0) {
    throw new SeawallError(
      "config",
      `${images} training images make no update of ${accumulate} batches of ${batchSize}; lower --batch-size or --accumulate`,
    );
  }
  return {
    ...{ learningRate, stepsPerEpoch, accumulate, replay, batchSize, seed },
    attack: {
      steps: config.attackSteps,
      radius: parseRadius(config.eps).value,
      stepSize: parseRadius(config.stepSize).value,
      randomStart: config.randomStart,
    },
    cleanImages: cleanImagesOf(config),
    schedule: {
      steps: epochs * stepsPerEpoch,
      warmupSteps: Math.round(warmupEpochs * stepsPerEpoch),
      ...{ power, floor },
    },
    validateEvery: config.validateEvery,
    checkpointEvery: config.checkpointEvery,
    largestLoss: config.loss === "ce" ? hopeless * Math.log(classes) : Number.POSITIVE_INFINITY,
  };
}

/** More workers than this wait for the trainer. */
const mostUsualWorkers = 8;
/** What a worker is counted with, in bytes: a thread, an image of 2048×1024 and its scaled copy as floats. */
const workerBytes = 2 ** 28;
/** The share of the available memory that workers may plan with. */
const memoryShare = 0.25;

/** Workers that make batches unless told: one core is left to the trainer. Their number changes no batch. */
function usualWorkers(): number {
  const affordable = Math.floor((memoryShare * process.availableMemory()) / workerBytes);
  return Math.max(1, Math.min(availableParallelism() - 1, affordable, mostUsualWorkers));
}

/** The options of `trainingBatches`, apart from the position to begin at. */
function batchOptionsOf(config: TrainingConfig, target: LabelTarget): BatchOptions {
  const { seed, batchSize, scale, flip, blur, padLabel, workers = usualWorkers(), accumulate } = config;
  const [height, width] = cropOf(config);
  return {
    ...{ batchSize, seed, target },
    workers: Math.min(workers, mostThreads),
    augment: { crop: { height, width }, baseSize: baseSizeOf(config), scale, flip, blur, padLabel },
    ahead: Math.max(2, accumulate),
  };
}
