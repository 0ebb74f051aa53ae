/** From files to samples, under one label scheme and one chain of transforms. */
import { extname } from "node:path";
import { SeawallError } from "../base/index.js";
import { readImage } from "./formats/image.node.js";
import { readLabelMat } from "./formats/label-mat.node.js";
import { readLabelPng } from "./formats/label-png.node.js";
import { type LabelScheme, labelReader } from "./pixels/labels.js";
import { type ImageRaster, type LabelRaster, type Size, sizeText } from "./pixels/raster.js";
import { applyToImage, applyToLabels, planSteps, type Step, type Transform } from "./pixels/transform.js";
import { makeSample, type Sample } from "./sample.js";
import type { Entry } from "./sets/layout.node.js";

/** Reads the images and labels of entries. */
export interface Reader {
  sample(entry: Entry, index: number): Promise<Sample>;
  labels(entry: Entry): Promise<Int32Array>;
}

/** A decoded image and its labels, in one size. */
export interface Pixels {
  readonly image: ImageRaster;
  readonly labels: LabelRaster | undefined;
}

/** Decodes the files of entries, whatever their transforms. */
export interface Decoder {
  pixels(entry: Entry): Promise<Pixels>;
  labels(file: string): Promise<LabelRaster>;
}

/** A decoder; its methods throw SeawallError `data` for files that are damaged or contradict each other. */
export function createDecoder(scheme: LabelScheme): Decoder {
  const toClasses = labelReader(scheme);
  const labelsIn = async (file: string) => {
    const stored = await (extname(file) === ".mat" ? readLabelMat(file) : readLabelPng(file));
    return toClasses(stored.values, stored, file);
  };
  return {
    labels: labelsIn,
    async pixels(entry) {
      const [image, labels] = await Promise.all([
        readImage(entry.image),
        entry.labels === undefined ? undefined : labelsIn(entry.labels),
      ]);
      if (labels) checkSameSize(entry, image, labels);
      return { image, labels };
    },
  };
}

/** A reader; its methods throw SeawallError `data` for files that are damaged or contradict each other. */
export function createReader(scheme: LabelScheme, chosen: readonly Transform[]): Reader {
  const decoder = createDecoder(scheme);
  return {
    async sample(entry, index) {
      const { image, labels } = await decoder.pixels(entry);
      const steps = stepsFor(image, chosen, entry.image);
      return makeSample(entry.id, index, applyToImage(image, steps), labels && applyToLabels(labels, steps));
    },

    async labels({ id, labels: file }) {
      if (file === undefined) {
        throw new SeawallError(
          "usage",
          `"${id}" was opened without labels; name them in --data, not --labels self`,
        );
      }
      const labels = await decoder.labels(file);
      return applyToLabels(labels, stepsFor(labels, chosen, file)).data;
    },
  };
}

/** What `read` makes of the items, in their order; the next `depth` are being made meanwhile. */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  read: (item: Item) => Promise<Result>,
  depth: number,
): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = [];
  for (const item of items) {
    const result = read(item);
    // Reported when its turn comes; until then it must not count as unhandled.
    result.catch(() => undefined);
    pending.push(result);
    if (pending.length > depth) yield await pending.shift()!;
  }
  yield* pending;
}

function stepsFor(size: Size, chosen: readonly Transform[], file: string): Step[] {
  try {
    return planSteps(size, chosen);
  } catch (error) {
    if (error instanceof SeawallError) throw new SeawallError(error.code, `${file}: ${error.message}`);
    throw error;
  }
}

function checkSameSize(entry: Entry, image: ImageRaster, labels: LabelRaster): void {
  if (image.height === labels.height && image.width === labels.width) return;
  throw new SeawallError(
    "data",
    `${entry.image} has ${sizeText(image)} pixels and its labels ${entry.labels} have ${sizeText(labels)}; ` +
      "both must be stored in the same size",
  );
}
