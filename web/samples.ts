/** Chosen files as the samples of a run. */
import { SeawallError } from "../src/base/index.js";
import {
  applyToImage,
  applyToLabels,
  encodeImage,
  firstOfKind,
  type LabelRaster,
  labelTable,
  makeSample,
  planSteps,
  type Sample,
  type Size,
  sizeText,
  toClasses,
  transforms,
} from "../src/data/index.js";
import type { ImageInput } from "../src/oracle/index.js";
import { decodeImage, decodeLabels } from "./decode.js";
import type { GivenFile, Opening } from "./messages.js";

/** What the samples of a model need to know of it. */
export interface Fitting {
  readonly input: ImageInput;
  /** The number of classes of the model at a size. */
  classesAt(size: Size): Promise<number>;
  /** Is told of each decision about images. */
  tell(sentence: string): void;
}

/**
 * The images with their labels, resized to the model's size where that is fixed, as `seawall eval` resizes them.
 * @throws SeawallError `data` for a file that cannot be read, or that does not fit another
 */
export async function readSamples(opening: Opening, { input, classesAt, tell }: Fitting): Promise<Sample[]> {
  const { images } = opening;
  if (images.length === 0) throw new SeawallError("data", "no image is chosen; choose one or more");
  refuseTwins(images);
  const labelsOf = pair(opening);
  const { channels, size } = input;
  const chosen = transforms({ size: [size.height, size.width] });
  const first = firstOfKind((kind, sentence) => {
    // Every image of a browser has transparency.
    if (kind !== "alpha") tell(sentence);
  });
  const samples: Sample[] = [];
  for (const file of images) {
    const { image, form } = encodeImage(await decodeImage(file), { channels }, file.name, first);
    const steps = planSteps(image, chosen);
    const resized = applyToImage(image, steps);
    if (resized.height !== image.height || resized.width !== image.width) {
      first("size", `images are resized to the model's ${sizeText(resized)} pixels (width×height)`);
    }
    const labels = labelsOf(file);
    const raster =
      labels &&
      applyToLabels(await readLabels(labels, opening, await classesAt(resized), image, file), steps);
    samples.push(makeSample(idOf(file.name), samples.length, resized, raster, form));
  }
  return samples;
}

async function readLabels(
  labels: GivenFile,
  { ignoreLabel }: Opening,
  classes: number,
  image: Size,
  { name }: GivenFile,
): Promise<LabelRaster> {
  const table = labelTable({ classes: undefined, ignoreLabel }, classes);
  const raster = toClasses(table, await decodeLabels(labels), labels.name);
  if (raster.height === image.height && raster.width === image.width) return raster;
  throw new SeawallError(
    "data",
    `${name} has ${sizeText(image)} pixels (width×height) and its labels ${labels.name} have ${sizeText(raster)}; both must be stored in the same size`,
  );
}

/**
 * Finds the labels of an image: the file of its name, or the only one of an only image.
 * @throws SeawallError `data` if labels are chosen, but not for every image
 */
function pair({ images, labels }: Opening): (image: GivenFile) => GivenFile | undefined {
  if (labels.length === 0) return () => undefined;
  if (labels.length === 1 && images.length === 1) return () => labels[0];
  refuseTwins(labels);
  return ({ name }) => {
    const found = labels.find((file) => idOf(file.name) === idOf(name));
    if (found) return found;
    throw new SeawallError(
      "data",
      `${name} has no labels among the chosen files; expected one named ${idOf(name)}.png, or no labels at all`,
    );
  };
}

/** Names tell images apart. */
function refuseTwins(files: readonly GivenFile[]): void {
  const ids = files.map(({ name }) => idOf(name));
  const twin = files.find(({ name }, i) => ids.indexOf(idOf(name)) < i);
  if (twin) throw new SeawallError("data", `${twin.name}: two files have this name; rename one of them`);
}

/** A file's name without its extension. */
function idOf(name: string): string {
  return name.replace(/\.[^.]*$/, "");
}
