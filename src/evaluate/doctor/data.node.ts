/** Do images and labels look as an evaluation needs them? */
import { plural } from "../../base/index.js";
import { type Dataset, imageEncoding, type Sample, type Size, sizeText } from "../../data/index.js";
import { openData, readClasses } from "../../data/index.node.js";
import { Findings, type Settings } from "./finding.js";
import { addToTally, type LabelTally } from "./labels.js";

/** A data set as the doctor sees it. */
export interface ExaminedData {
  readonly findings: Findings;
  /** Undefined where no image could be read. */
  readonly first: Sample | undefined;
  readonly tally: LabelTally | undefined;
  readonly classNames: readonly string[] | undefined;
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
): Promise<ExaminedData> {
  const findings = new Findings("data");
  const nothing = { findings, first: undefined, tally: undefined, classNames: undefined, isNarrow: false };
  const data = await findings.attempt("list", () => openAs(spec, settings, channels, findings));
  if (!data) return nothing;
  const declared = await findings.attempt("classes", () => declaredClasses(data, settings));
  const seen = await findings.attempt("images", () => look(data, declared));
  if (!seen) return nothing;
  addImages(findings, spec, seen);
  const self = data.settings.labels === "self";
  if (self) findings.add("skip", "labels", "none read; with --labels self figures are consistency");
  const tally = self ? undefined : seen.tally;
  return { findings, first: seen.first, tally, classNames: data.classNames, isNarrow: isNarrow(seen) };
}

/** The first images and their labels, resized as an evaluation resizes them for a model of fixed size. */
export async function firstSamples(
  spec: string,
  settings: Settings,
  { channels, height, width }: Size & { readonly channels: number },
  count: number,
): Promise<Sample[]> {
  const limit = Math.min(settings.limit ?? count, count);
  const data = await openAs(spec, { ...settings, limit }, channels, undefined, [height, width]);
  return Promise.all(Array.from({ length: data.length }, (_, position) => data.read(position)));
}

/** Folders are read without their number of classes, so that a wrong label is counted and not refused. */
function openAs(
  spec: string,
  settings: Settings,
  channels: WantedChannels,
  findings?: Findings,
  size?: readonly [number, number],
): Promise<Dataset> {
  const { labels, split, offset, limit = usualImages, resizeShort, crop } = settings;
  const { ignoreLabel, labelVariant } = settings;
  const transform = { ...(resizeShort && { resizeShort }), ...(crop && { crop }), ...(size && { size }) };
  const encoding = imageEncoding(settings, channels);
  const told = new Set<string>();
  const tell = (kind: string, sentence: string) => {
    if (!told.has(kind)) findings?.add(kind === "cut" ? "warn" : "pass", "images", sentence);
    told.add(kind);
  };
  return openData(spec, {
    labels,
    split,
    offset,
    limit,
    ignoreLabel,
    labelVariant,
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
  for await (const sample of data.samples()) {
    first ??= sample;
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
