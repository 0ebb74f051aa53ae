/** Crops for training: an image is decoded or taken from the cache, then augmented as seed, epoch and name decide. */
import { invariant, randomStream, SeawallError } from "../../base/index.js";
import { majorityLabel } from "../counts.js";
import { readImage } from "../formats/image.node.js";
import { readLabelFile } from "../formats/label-file.node.js";
import { checkStamp } from "../formats/stamp.node.js";
import type { StampedEntry } from "../layouts/layout.js";
import { augmentImage, augmentLabels, type CompleteAugment, drawAugmentation } from "../pixels/augment.js";
import type { ImageEncoding } from "../pixels/encoding.js";
import type { LabelTables } from "../pixels/labels.js";
import { createDecoder, type Decoder, type Pixels } from "../reader.js";
import { unitPlanes } from "../sample.js";
import { bytesOfPixels, type LabelledPixels, PixelCache } from "./pixel-cache.js";

/** Labels of a crop: the class of each pixel, or the most frequent class. */
export type LabelTarget = "pixels" | "majority";

/** Everything that decides a crop besides its request. Plain data, so that it can be sent to a worker. */
export interface CropSettings {
  readonly labelTables: LabelTables;
  readonly entries: readonly StampedEntry[];
  readonly seed: number;
  readonly augment: CompleteAugment;
  /** How stored values become channels; default: RGB. */
  readonly encoding?: ImageEncoding | undefined;
  readonly target: LabelTarget;
  /** Decoded pixels that may be kept, in bytes. */
  readonly cacheBytes: number;
}

/** Position of an image, and the epoch in which it is used; both count from 0. */
export interface CropRequest {
  readonly position: number;
  readonly epoch: number;
}

/** One image of a batch and its target. */
export interface Crop {
  /** C·H·W floats in [0, 1]. */
  readonly image: Float32Array<ArrayBuffer>;
  /** H·W classes, or the most frequent one; −1 where a pixel counts nowhere. */
  readonly labels: BigInt64Array<ArrayBuffer>;
  /** Bytes of the decoded image and labels that the crop was cut from. */
  readonly decodedBytes: number;
}

/** Makes crops, one at a time. */
export interface CropSource {
  /** @throws SeawallError `data` when a file vanished, changed, is damaged or contradicts another */
  crop(request: CropRequest): Promise<Crop>;
  /** Finishes the crop in progress; later requests fail. */
  dispose(): Promise<void>;
}

/** A source in the calling thread. */
export function localCrops(settings: CropSettings): CropSource {
  const decoder = createDecoder(
    { readImage, readLabels: readLabelFile },
    settings.labelTables,
    settings.encoding,
  );
  const cache = new PixelCache(settings.cacheBytes);
  const make = async ({ position, epoch }: CropRequest) => {
    const entry = settings.entries[position]!;
    return augmented(await remembered(cache, decoder, entry), entry.id, epoch, settings);
  };
  let last: Promise<unknown> = Promise.resolve();
  let isOpen = true;
  return {
    crop(request) {
      // One after another, so that besides the cache only one image is in memory, however many are requested.
      const crop = last.then(() => {
        invariant(isOpen, "a crop was requested and never awaited");
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

/** Checks the files before reading, to tell a missing file from a damaged one, and after, since reading takes a while. */
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
  pixels: LabelledPixels,
  id: string,
  epoch: number,
  { augment, seed, target }: CropSettings,
): Crop {
  const { image, labels } = pixels;
  const { crop, padLabel } = augment;
  const drawn = drawAugmentation(image, augment, randomStream("augment", seed, epoch, id));
  const classes = augmentLabels(labels, drawn, crop, padLabel).data;
  return {
    image: unitPlanes(augmentImage(image, drawn, crop)),
    labels: bigIntegers(target === "pixels" ? classes : [majorityLabel(classes)]),
    decodedBytes: bytesOfPixels(pixels),
  };
}

function bigIntegers(values: ArrayLike<number>): BigInt64Array<ArrayBuffer> {
  const result = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = BigInt(values[i]!);
  return result;
}
