/** Model and data that fit each other: the reading of the labels, and the image on which the checks are made. */
import { SeawallError } from "../../base/index.js";
import { type DataOptions, type Dataset, ignored, ignoreLabelsOf, type Sample } from "../../data/index.js";
import type { ModelOpener } from "../../oracle/index.js";

export interface FittingData {
  readonly data: Dataset;
  /** The first image of all shards that has a labelled pixel, on which the checks are made. */
  readonly probe: Sample;
  readonly model: ModelOpener;
  /** The options that read other labels in the same way. */
  readonly options: DataOptions;
  readonly notices: readonly string[];
}

/** Opens a data set, as `openData` does. */
export type DataOpener = (spec: string, options: DataOptions) => Promise<Dataset>;

/**
 * Opens data and model, and reads the labels as the model's number of classes wants it.
 * @param openData where the files are
 * @param modelFor opens the model and checks that it has so many classes; undefined: as many as it has
 * @throws SeawallError naming the file or flag, what was expected, what came and what to do
 */
export async function openFittingData(
  openData: DataOpener,
  spec: string,
  options: DataOptions,
  modelFor: (classes: number | undefined) => ModelOpener,
): Promise<FittingData> {
  const { shard: _, ...whole } = options;
  const images = await openData(spec, { ...whole, labels: "self", limit: 1 });
  const { model, classes } = await modelOf(await images.read(0), images.settings.classes, options, modelFor);
  const fitted = { ...options, modelClasses: classes };
  const data = await openData(spec, fitted);
  checkClasses(data, classes);
  const all = options.shard ? await openData(spec, { ...fitted, shard: undefined }) : data;
  const probe = await firstThatCounts(all);
  return { data, probe, model, options: fitted, notices: [...data.notices, ...probeNotice(probe)] };
}

/** The model, opened for the data's number of classes or, where it has another, for its own. */
async function modelOf(
  first: Sample,
  wanted: number | undefined,
  { classes }: DataOptions,
  modelFor: (classes: number | undefined) => ModelOpener,
): Promise<{ model: ModelOpener; classes: number }> {
  const open = async (count: number | undefined) => {
    const model = modelFor(count);
    return { model, classes: (await model.at(first)).classes };
  };
  return open(wanted).catch(async (error: unknown) => {
    if (wanted === undefined || classes !== undefined || !(error instanceof SeawallError)) throw error;
    return open(undefined).catch(() => {
      throw error;
    });
  });
}

function checkClasses({ spec, settings }: Dataset, modelClasses: number): void {
  const { classes } = settings;
  if (classes === undefined || classes === modelClasses) return;
  const more =
    modelClasses > classes ? `--classes ${modelClasses} if the model has classes without labels, ` : "";
  throw new SeawallError(
    "data",
    `--data ${spec}: the labels have ${classes} classes, the model ${modelClasses}; use ${more}` +
      "--label-map, which says the class of each stored value, or another --output",
  );
}

/**
 * The first image with a labelled pixel; without ground truth, the first image.
 * @throws SeawallError `data` when no pixel of any image counts
 */
export async function firstThatCounts(data: Dataset): Promise<Sample> {
  const first = await data.read(0);
  if (hasLabelledPixel(first)) return first;
  for (let position = 1; position < data.length; position++) {
    if (counts(await data.readLabels(position))) return data.read(position);
  }
  const labels = ignoreLabelsOf(data.settings).join(", ");
  const images =
    data.length === 1
      ? `the only image, ${data.ids[0]},`
      : `any of the ${data.length} images (the first is ${data.ids[0]})`;
  throw new SeawallError(
    "data",
    `--data ${data.spec}: no pixel of ${images} counts: all have a label that is ignored` +
      `${labels ? ` (${labels})` : ""}; check --ignore-label and --label-map`,
  );
}

/** Whether a pixel of the sample counts; every one does where the model's prediction is the reference. */
export function hasLabelledPixel({ labels }: Sample): boolean {
  return labels === undefined || counts(labels);
}

function counts(labels: Int32Array): boolean {
  return labels.some((label) => label !== ignored);
}

function probeNotice({ id, index }: Sample): string[] {
  if (index === 0) return [];
  return [`the checks use image "${id}": no image before it has a labelled pixel`];
}
