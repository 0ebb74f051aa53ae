/** From files to samples, with one label scheme and one chain of transforms. */
import { invariant, SeawallError } from "../base/index.js";
import type { DataAccess, Entry } from "./layouts/layout.js";
import {
  encodeImage,
  type ImageEncoding,
  type StoredForm,
  type StoredImage,
  swapsSides,
  type TellDecision,
} from "./pixels/encoding.js";
import { type LabelTables, toClasses } from "./pixels/labels.js";
import { type ImageRaster, type LabelRaster, type Size, sizeText } from "./pixels/raster.js";
import {
  applyToImage,
  applyToLabels,
  planSteps,
  type Transform,
  type TransformStep,
} from "./pixels/transform.js";
import { makeSample, type Sample } from "./sample.js";

/** Reads the images and labels of entries, transformed. */
export interface SampleReader {
  sample(entry: Entry, index: number): Promise<Sample>;
  /** H·W classes of the transformed labels. */
  labels(entry: Entry): Promise<Int32Array>;
}

/** A decoded image and its labels, of the same size. */
export interface Pixels {
  readonly image: ImageRaster;
  readonly labels: LabelRaster | undefined;
  readonly stored: StoredForm;
}

/** Decodes the files of entries, before any transform. */
export interface Decoder {
  pixels(entry: Entry): Promise<Pixels>;
  /** Undefined where the entry has no labels. */
  labels(entry: Entry): Promise<LabelRaster | undefined>;
}

/** A decoder; its methods throw SeawallError `data` for files that are damaged or contradict each other. */
export function createDecoder(
  files: Pick<DataAccess, "readImage" | "readLabels">,
  { own, codings }: LabelTables,
  encoding: ImageEncoding = {},
  tell?: TellDecision,
): Decoder {
  const labelsOf = async ({ labels: file, coding }: Entry) => {
    if (file === undefined) return undefined;
    const table = coding === undefined ? own : codings[coding];
    invariant(table !== undefined, `the layout has no label coding "${coding}"`);
    return toClasses(table, await files.readLabels(file), file);
  };
  return {
    labels: labelsOf,
    async pixels(entry) {
      const [file, labels] = await Promise.all([files.readImage(entry.image), labelsOf(entry)]);
      const { image, form } = encodeImage(file, encoding, entry.image, tell);
      if (labels) checkSameSize(entry, image, labels, file);
      return { image, labels, stored: form };
    },
  };
}

/** A reader; its methods throw SeawallError `data` for files that are damaged or contradict each other. */
export function createReader(
  files: DataAccess,
  tables: LabelTables,
  chosen: readonly Transform[],
  encoding: ImageEncoding = {},
  tell?: TellDecision,
): SampleReader {
  const decoder = createDecoder(files, tables, encoding, tell);
  return {
    async sample(entry, index) {
      const { image, labels, stored } = await decoder.pixels(entry);
      const steps = stepsFor(image, chosen, entry.image);
      const classes = labels && applyToLabels(labels, steps);
      return makeSample(entry.id, index, applyToImage(image, steps), classes, stored);
    },

    async labels(entry) {
      const labels = await decoder.labels(entry);
      if (labels === undefined) {
        throw new SeawallError(
          "usage",
          `"${entry.id}" was opened without labels; name them in --data, and leave --labels self out`,
        );
      }
      return applyToLabels(labels, stepsFor(labels, chosen, entry.labels!)).data;
    },
  };
}

/** The size of an entry's transformed image, for which no pixel is decoded; errors as those of a reader. */
export async function transformedSize(
  files: Pick<DataAccess, "readImageSize">,
  { image: file }: Entry,
  chosen: readonly Transform[],
  { orientation: choice = "apply" }: ImageEncoding,
): Promise<Size> {
  const { height, width, orientation } = await files.readImageSize(file);
  const isTurned = choice === "apply" && swapsSides(orientation);
  const size = isTurned ? { height: width, width: height } : { height, width };
  return stepsFor(size, chosen, file).at(-1)?.size ?? size;
}

/** Yields `read(item)` for each item, in order, while the results of the next `depth` items are being made. */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  read: (item: Item) => Promise<Result>,
  depth: number,
): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = [];
  for (const item of items) {
    const result = read(item);
    // A failure is reported when its turn comes; until then it must not count as unhandled.
    result.catch(() => undefined);
    pending.push(result);
    if (pending.length > depth) yield await pending.shift()!;
  }
  yield* pending;
}

function stepsFor(size: Size, chosen: readonly Transform[], file: string): TransformStep[] {
  try {
    return planSteps(size, chosen);
  } catch (error) {
    if (error instanceof SeawallError) throw new SeawallError(error.code, `${file}: ${error.message}`);
    throw error;
  }
}

function checkSameSize(
  entry: Entry,
  image: ImageRaster,
  labels: LabelRaster,
  { orientation }: StoredImage,
): void {
  if (image.height === labels.height && image.width === labels.width) return;
  const turned = image.height === labels.width && image.width === labels.height && swapsSides(orientation);
  throw new SeawallError(
    "data",
    `${entry.image} has ${sizeText(image)} pixels (width×height) and its labels ${entry.labels} have ${sizeText(labels)}; ` +
      (turned
        ? "the labels fit the image without its EXIF orientation: --exif-orientation ignore reads it so"
        : "both must be stored in the same size"),
  );
}
