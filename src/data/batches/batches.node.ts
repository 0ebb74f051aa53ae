/** The batches of a training run, decoded and augmented ahead of the trainer. */
import { SeawallError } from "../../base/index.js";
import type { FileDataset } from "../open.js";
import { type AugmentOptions, completeAugment } from "../pixels/augment.js";
import { readAhead } from "../reader.js";
import { threadCrops } from "./crop-thread.node.js";
import { type Crop, type CropSettings, type CropSource, type LabelTarget, localCrops } from "./crops.node.js";
import { type StepPlan, stepsPerEpoch, trainingSteps } from "./order.js";

/** B images and labels, ready for a training step. */
export interface TrainingBatch {
  /** Counted from 0 over the whole training. */
  readonly step: number;
  /** Names of the images, in the order of the batch. */
  readonly ids: readonly string[];
  /** B×C×H×W in [0, 1]. */
  readonly images: Float32Array;
  /** B×H×W classes, or B with the target `majority`; −1 where a pixel, or an image, counts nowhere. */
  readonly labels: BigInt64Array;
  /** Bytes of the decoded images and labels that the crops were cut from; they are kept up to `cacheBytes`. */
  readonly decodedBytes: number;
}

/** Decoded pixels that are kept unless told otherwise, in bytes. */
export const usualCacheBytes = 2 ** 30;

/** `batchSize`, `seed`, `augment` and `target` decide the content of a batch; the others only how soon it is ready. */
export interface BatchOptions {
  readonly batchSize: number;
  readonly seed: number;
  readonly augment: AugmentOptions;
  /** Default `pixels`. */
  readonly target?: LabelTarget | undefined;
  /** The first step (0); a run that stopped before step t continues from t. */
  readonly from?: number | undefined;
  /** Worker threads (1); 0: batches are made in the calling thread. */
  readonly workers?: number | undefined;
  /** Number of batches made ahead of the one in use (2). */
  readonly ahead?: number | undefined;
  /** Memory for decoded pixels kept for the next epoch, in bytes, of all workers together (`usualCacheBytes`). */
  readonly cacheBytes?: number | undefined;
  /** Ends the batches with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An endless stream of batches. The caller disposes of it. */
export interface BatchStream {
  readonly stepsPerEpoch: number;
  /**
   * The batches from the first step on.
   * @throws SeawallError `data` naming a file that vanished, changed, is damaged or holds an invalid label; the
   * signal's reason when aborted
   */
  batches(): AsyncIterable<TrainingBatch>;
  /** Ends the workers after their crops in progress. */
  dispose(): Promise<void>;
}

/**
 * The batches of a data set that was opened with labels and without transforms. Batch t depends only on data, seed,
 * batch size, augmentation and t; not on the number of workers, the read-ahead or the step a run resumed from.
 * @throws SeawallError `usage` when an option is out of range or a batch is larger than the data set
 */
export function trainingBatches(dataset: FileDataset, options: BatchOptions): BatchStream {
  const { batchSize, seed, from = 0, workers = 1, ahead = 2, signal } = options;
  const perEpoch = stepsPerEpoch(dataset.length, batchSize);
  for (const [name, value] of Object.entries({ from, workers, ahead })) checkWhole(name, value);
  const sources = openSources(cropSettings(dataset, options), workers);
  const load = async (plan: StepPlan) => {
    const crops = plan.positions.map((position) =>
      // An image always goes to the same worker, so that only one of them caches it.
      sources[position % sources.length]!.crop({ position, epoch: plan.epoch }),
    );
    return assemble(plan, dataset.ids, await Promise.all(crops));
  };
  const steps = () => trainingSteps(dataset.length, batchSize, seed, from);
  return {
    stepsPerEpoch: perEpoch,
    batches: () => untilAborted(readAhead(steps(), load, ahead), signal),
    dispose: async () => void (await Promise.all(sources.map((source) => source.dispose()))),
  };
}

function cropSettings(dataset: FileDataset, options: BatchOptions): CropSettings {
  const { entries, settings, labelTables } = dataset;
  const { seed, target = "pixels", cacheBytes = usualCacheBytes } = options;
  const augment = completeAugment(options.augment);
  const { classes = Number.POSITIVE_INFINITY } = settings;
  if (augment.padLabel >= classes) {
    throw new SeawallError("usage", `padLabel ${augment.padLabel} is none of the ${classes} classes; use -1`);
  }
  return {
    labelTables,
    entries,
    encoding: settings.encoding,
    seed,
    augment,
    target,
    cacheBytes,
  };
}

function openSources(settings: CropSettings, workers: number): CropSource[] {
  if (workers === 0) return [localCrops(settings)];
  const share = { ...settings, cacheBytes: settings.cacheBytes / workers };
  return Array.from({ length: workers }, () => threadCrops(share));
}

async function* untilAborted(
  batches: AsyncIterable<TrainingBatch>,
  signal: AbortSignal | undefined,
): AsyncGenerator<TrainingBatch> {
  signal?.throwIfAborted();
  for await (const batch of batches) {
    signal?.throwIfAborted();
    yield batch;
  }
}

/** Copies the crops into one batch. */
function assemble(
  { step, positions }: StepPlan,
  ids: readonly string[],
  crops: readonly Crop[],
): TrainingBatch {
  const [first] = crops;
  const images = new Float32Array(crops.length * first!.image.length);
  const labels = new BigInt64Array(crops.length * first!.labels.length);
  crops.forEach(({ image, labels: classes }, i) => {
    images.set(image, i * image.length);
    labels.set(classes, i * classes.length);
  });
  const decodedBytes = crops.reduce((sum, crop) => sum + crop.decodedBytes, 0);
  return { step, ids: positions.map((position) => ids[position]!), images, labels, decodedBytes };
}

function checkWhole(option: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new SeawallError("usage", `training batches: ${option} must be a whole number from 0, got ${value}`);
}
