/** Crops for training: a file decoded (or remembered), augmented by what seed, epoch and name decide. */
import { invariant, randomStream, SeawallError } from "../../base/index.js";
import { majorityLabel } from "../counts.js";
import { checkStamp } from "../formats/stamp.node.js";
import { augmentImage, augmentLabels, type CompleteAugment, drawAugmentation } from "../pixels/augment.js";
import type { LabelScheme } from "../pixels/labels.js";
import { createDecoder, type Decoder, type Pixels } from "../reader.node.js";
import { unitPlanes } from "../sample.js";
import { type DatasetName, schemeOf } from "../sets/datasets.node.js";
import type { StampedEntry } from "../sets/layout.node.js";
import type { LabelVariant } from "../sets/options.js";
import { type LabelledPixels, PixelCache } from "./pixel-cache.js";

/** What the labels of a crop are: a class for each pixel, or the one that most of them have. */
export type LabelTarget = "pixels" | "majority";

/** All that decides a crop besides its request; plain data, so that it can be sent to a worker. */
export interface CropSettings {
  readonly name: DatasetName;
  readonly scheme: Pick<LabelScheme, "classes" | "ignoreLabel">;
  readonly variant: LabelVariant | undefined;
  readonly entries: readonly StampedEntry[];
  readonly seed: number;
  readonly augment: CompleteAugment;
  readonly target: LabelTarget;
  /** Decoded pixels that may be kept, in bytes. */
  readonly cacheBytes: number;
}

/** Which image, for the how manieth time; both count from 0. */
export interface CropRequest {
  readonly position: number;
  readonly epoch: number;
}

/** One image of a batch, and what the model shall say. */
export interface Crop {
  /** 3·H·W floats in [0, 1]. */
  readonly image: Float32Array<ArrayBuffer>;
  /** H·W classes, or the most frequent one; −1 where a pixel counts nowhere. */
  readonly labels: BigInt64Array<ArrayBuffer>;
}

/** Makes crops, one at a time. */
export interface CropSource {
  /** @throws SeawallError `data` when a file vanished, changed, is damaged or contradicts another */
  crop(request: CropRequest): Promise<Crop>;
  /** Finishes the crop in progress; those still to come fail. */
  dispose(): Promise<void>;
}

/** A source in the calling thread. */
export function localCrops(settings: CropSettings): CropSource {
  const decoder = decoderOf(settings);
  const cache = new PixelCache(settings.cacheBytes);
  const make = async ({ position, epoch }: CropRequest) => {
    const entry = settings.entries[position]!;
    return augmented(await remembered(cache, decoder, entry), entry.id, epoch, settings);
  };
  let last: Promise<unknown> = Promise.resolve();
  let isOpen = true;
  return {
    crop(request) {
      // One after another: however many are asked for, the pixels of one image are in memory besides the cache.
      const crop = last.then(() => {
        invariant(isOpen, "a crop was asked for and never waited for");
        return make(request);
      });
      last = crop.catch(() => undefined);
      return crop;
    },
    async dispose() {
      isOpen = false;
      await last;
    },
  };
}

function decoderOf({ name, variant, scheme: { classes, ignoreLabel } }: CropSettings): Decoder {
  return createDecoder(schemeOf(name, variant, { classes, ignoreLabel: ignoreLabel ?? -1 }));
}

/** Checked before, so that a missing file is told from a damaged one, and after, since reading takes a while. */
async function remembered(cache: PixelCache, decoder: Decoder, entry: StampedEntry): Promise<LabelledPixels> {
  await checkEntry(entry);
  const kept = cache.get(entry.id);
  if (kept) return kept;
  const pixels = await decoder.pixels(entry);
  await checkEntry(entry);
  return cache.keep(entry.id, withLabels(pixels, entry));
}

async function checkEntry({ image, labels, stamps }: StampedEntry): Promise<void> {
  await checkStamp(image, stamps.image);
  if (labels !== undefined && stamps.labels) await checkStamp(labels, stamps.labels);
}

function withLabels({ image, labels }: Pixels, { id }: StampedEntry): LabelledPixels {
  if (labels) return { image, labels };
  throw new SeawallError("usage", `"${id}" was opened without labels, and training needs them`);
}

function augmented(
  { image, labels }: LabelledPixels,
  id: string,
  epoch: number,
  { augment, seed, target }: CropSettings,
): Crop {
  const { crop, padLabel } = augment;
  const drawn = drawAugmentation(image, augment, randomStream("augment", seed, epoch, id));
  const classes = augmentLabels(labels, drawn, crop, padLabel).data;
  return {
    image: unitPlanes(augmentImage(image, drawn, crop)),
    labels: bigIntegers(target === "pixels" ? classes : [majorityLabel(classes)]),
  };
}

function bigIntegers(values: ArrayLike<number>): BigInt64Array<ArrayBuffer> {
  const result = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = BigInt(values[i]!);
  return result;
}
