/** The files of a perturbed image, for other programs and other models. */
import { parseRadius } from "../base/index.js";
import { isOfBytes, npyFile, pngFile, type Sample } from "../data/index.js";
import { type RunDescription, recordFileName, slotOf } from "../journal/index.js";
import { toBytes } from "./workers/evidence.js";
import type { AttackedImage } from "./workers/image-worker.js";

/**
 * The image that a record counts, as files by their names in `perturbed/`: every number of it (`.npy`), and, of images that
 * are grey or RGB of 8 bits, rounded to 8 bits inside the ball (`.png`), as the record's `evidence.rounded` counts it.
 */
export function perturbedFiles(
  run: RunDescription,
  { record, point: { pixels }, sample }: AttackedImage & { readonly sample: Sample },
): Record<string, Uint8Array> {
  const { height, width, stored, image } = sample;
  const channels = pixels.length / (height * width);
  const place = { index: record.index, slot: slotOf(run, record)! };
  const isPicture = isOfBytes(stored) && (channels === 1 || channels === 3);
  const rounded = () => toBytes(image.data, pixels, parseRadius(record.eps).value);
  return {
    [recordFileName(place, "npy")]: npyFile([channels, height, width], pixels),
    ...(isPicture && { [recordFileName(place, "png")]: pngFile(sample, rounded()) }),
  };
}
