/** Do images and labels look as an evaluation needs them? */
import { plural, SeawallError } from "../../base/index.js";
import {
  type Dataset,
  type FileDataset,
  firstOfKind,
  imageEncoding,
  type Sample,
  sizeText,
} from "../../data/index.js";
import { openData, readClasses } from "../../data/index.node.js";
import type { Model } from "../../oracle/index.js";
import { hasLabelledPixel } from "../plan/fit-data.js";
import { Findings, type Settings } from "./finding.js";
import { addToTally, type LabelTally } from "./labels.js";

/** A data set as the doctor sees it. */
export interface ExaminedData {
  readonly findings: Findings;
  /** Undefined where no image could be read. */
  readonly first: Sample | undefined;
  readonly tally: LabelTally | undefined;
  readonly classNames: readonly string[] | undefined;
  /** The values that label files store for a label. */
  readonly storedAs: (label: number) => readonly number[];
  /** The images use so little of the range from black to white that the range is probably another one. */
  readonly isNarrow: boolean;
}

/** How many images are enough to notice what is wrong with all of them. */
const usualImages = 20;

/** Channels that a model takes; those that the files have, where no model says it. */
export type WantedChannels = number | "stored";

/** Reads the first images with their labels. */
export async function examineData(
  spec: string,
  settings: Settings,
  channels: WantedChannels,
  modelClasses: number | undefined,
): Promise<ExaminedData> {
  const findings = new Findings("data");
  const nothing = {
    findings,
    first: undefined,
    tally: undefined,
    classNames: undefined,
    isNarrow: false,
    storedAs: asIs,
  };
  const data = await findings.attempt("list", () =>
    openAs(spec, settings, { channels, modelClasses }, findings),
  );
  if (!data) return nothing;
  for (const notice of data.notices) findings.add(isWarning(notice) ? "fail" : "pass", "labels", notice);
  const declared = await findings.attempt("classes", () => declaredClasses(data, settings));
  const seen = await findings.attempt("images", () => look(data, declared));
  if (!seen) return nothing;
  addImages(findings, spec, seen);
  const self = data.settings.labels === "self";
  if (self) findings.add("skip", "labels", "none read; with --labels self figures are consistency");
  const tally = self ? undefined : seen.tally;
  const { classNames, labelTables } = data;
  const storedAs = valuesOf(labelTables.own.labels);
  return { findings, first: seen.first, tally, classNames, storedAs, isNarrow: isNarrow(seen) };
}

const asIs = (label: number) => [label];

/** The values of a label in a table that holds the label of each value. */
function valuesOf(table: Int32Array): (label: number) => readonly number[] {
  return (label) => Array.from(table.keys()).filter((value) => table[value] === label);
}

const isWarning = (notice: string) => notice.startsWith("WARNING");

/** The first image, whatever its labels are; undefined where it cannot be read, which is found out again. */
export async function firstImage(
  spec: string,
  settings: Settings,
  channels: WantedChannels,
): Promise<Sample | undefined> {
  try {
    const data = await openAs(spec, { ...settings, labels: "self", limit: 1 }, { channels });
    return await data.read(0);
  } catch (error) {
    if (error instanceof SeawallError) return undefined;
    throw error;
  }
}

/**
 * The first images that have labelled pixels, with their labels, resized as an evaluation resizes them for a model of
 * fixed size; where no pixel counts, the first image.
 */
export async function firstSamples(
  spec: string,
  settings: Settings,
  { channels, classes, height, width }: Model,
  count: number,
): Promise<Sample[]> {
  const data = await openAs(spec, settings, { channels, modelClasses: classes, size: [height, width] });
  const found: Sample[] = [];
  for (let position = 0; position < data.length && found.length < count; position++) {
    const sample = await data.read(position);
    if (hasLabelledPixel(sample)) found.push(sample);
  }
  return found.length > 0 ? found : [await data.read(0)];
}

interface Opening {
  readonly channels: WantedChannels;
  readonly modelClasses?: number | undefined;
  readonly size?: readonly [number, number];
}

/** Folders are read without their number of classes, so that a wrong label is counted and not refused. */
function openAs(
  spec: string,
  settings: Settings,
  { channels, modelClasses, size }: Opening,
  findings?: Findings,
): Promise<FileDataset> {
  const { labels, split, offset, limit = usualImages, resizeShort, crop } = settings;
  const { ignoreLabel, labelVariant, labelMap, palette, labelSuffix } = settings;
  const transform = { ...(resizeShort && { resizeShort }), ...(crop && { crop }), ...(size && { size }) };
  const encoding = imageEncoding(settings, channels);
  const tell = firstOfKind((kind, sentence) =>
    findings?.add(kind === "cut" ? "warn" : "pass", "images", sentence),
  );
  return openData(spec, {
    labels,
    split,
    offset,
    limit,
    ignoreLabel,
    labelVariant,
    ...{ labelMap, palette, labelSuffix },
    modelClasses: typeof settings.classes === "number" ? settings.classes : modelClasses,
    keepOthers: true,
    transform,
    encoding,
    tell,
  });
}

async function declaredClasses(data: Dataset, { classes }: Settings): Promise<number | undefined> {
  if (classes === undefined) return data.settings.classes;
  const read = await readClasses(String(classes));
  return typeof read === "number" ? read : read.length;
}

interface Seen {
  readonly first: Sample | undefined;
  readonly tally: LabelTally;
  readonly sizes: ReadonlySet<string>;
  /** Bands and types of the files. */
  readonly forms: ReadonlySet<string>;
  readonly hashes: ReadonlySet<string>;
  readonly count: number;
  /** Least and greatest value of any image. */
  readonly low: number;
  readonly high: number;
}

async function look(data: Dataset, declared: number | undefined): Promise<Seen> {
  let first: Sample | undefined;
  let tally: LabelTally = { classes: new Array(declared ?? 0).fill(0), ignored: 0, images: [], declared };
  let [low, high] = [1, 0];
  const forms = new Set<string>();
  const [sizes, hashes] = [new Set<string>(), new Set<string>()];
  let isLabelled = false;
  for await (const sample of data.samples()) {
    // The first image that has a labelled pixel, as in an evaluation.
    if (first === undefined || (!isLabelled && hasLabelledPixel(sample))) first = sample;
    isLabelled ||= hasLabelledPixel(sample);
    sizes.add(sizeText(sample));
    forms.add(formOf(sample));
    hashes.add(sample.hash);
    for (const value of sample.image.data) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (sample.labels) tally = addToTally(tally, sample.labels);
  }
  return { first, tally, sizes, forms, hashes, count: data.length, low, high };
}

/** `4 bands of uint16`. */
function formOf({ stored: { bands, type } }: Sample): string {
  return `${plural(bands, "band")} of ${type}`;
}

function addImages(findings: Findings, spec: string, seen: Seen): void {
  const { sizes, forms, hashes, count } = seen;
  const size = sizes.size === 1 ? `all ${listed(sizes)}` : `${sizes.size} sizes (${listed(sizes)})`;
  findings.add(
    "pass",
    "images",
    `${plural(count, "image")} of ${spec}, ${size} (width×height), ${listed(forms)}`,
  );
  if (hashes.size < count) {
    findings.add("warn", "images", `${plural(count - hashes.size, "image")} equal to another one`);
  }
  addValues(findings, seen);
}

function listed(values: ReadonlySet<string>): string {
  return [...values].slice(0, 3).join(", ") + (values.size > 3 ? ", …" : "");
}

/** Images that use little of the range are label maps, masks, or stored in another range than is usual for their type. */
function isNarrow({ low, high }: Seen): boolean {
  return high - low <= 0.25;
}

function addValues(findings: Findings, seen: Seen): void {
  const found = `${seen.low.toFixed(3)} to ${seen.high.toFixed(3)} of [0, 1]`;
  if (isNarrow(seen)) findings.add("warn", "values", `${found}${narrowAdvice(seen)}`);
  else findings.add("pass", "values", found);
}

function narrowAdvice({ low, high, first }: Seen): string {
  const { type, range } = first!.stored;
  if (type === "uint8") return "; hardly any contrast: are these the images, and not their labels?";
  const [black, white] = range;
  const [least, most] = [low, high].map((share) => Number((black + share * (white - black)).toPrecision(6)));
  return `: the files hold ${least} to ${most}, where ${black} is black and ${white} white; --pixel-range ${Math.min(0, least!)},${most} spans what they hold, the range that the model was trained with is better still`;
}
