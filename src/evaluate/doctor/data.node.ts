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
  const nothing = { findings, first: undefined, tally: undefined, classNames: undefined };
  const data = await findings.attempt("list", () => openAs(spec, settings, channels, findings));
  if (!data) return nothing;
  const declared = await findings.attempt("classes", () => declaredClasses(data, settings));
  const seen = await findings.attempt("images", () => look(data, declared));
  if (!seen) return nothing;
  addImages(findings, spec, seen);
  const self = data.settings.labels === "self";
  if (self) findings.add("skip", "labels", "none read; with --labels self figures are consistency");
  return { findings, first: seen.first, tally: self ? undefined : seen.tally, classNames: data.classNames };
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
    if (!told.has(kind)) findings?.add("pass", "images", sentence);
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
  const [sizes, hashes] = [new Set<string>(), new Set<string>()];
  for await (const sample of data.samples()) {
    first ??= sample;
    sizes.add(sizeText(sample));
    hashes.add(sample.hash);
    for (const value of sample.image.data) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (sample.labels) tally = addToTally(tally, sample.labels);
  }
  return { first, tally, sizes, hashes, count: data.length, low, high };
}

function addImages(findings: Findings, spec: string, { sizes, hashes, count, low, high }: Seen): void {
  const shown = [...sizes].slice(0, 3).join(", ") + (sizes.size > 3 ? ", …" : "");
  const size = sizes.size === 1 ? `all ${shown}` : `${sizes.size} sizes (${shown})`;
  findings.add("pass", "images", `${plural(count, "image")} of ${spec}, ${size}`);
  if (hashes.size < count) {
    findings.add("warn", "images", `${plural(count - hashes.size, "image")} equal to another one`);
  }
  // Images that use little of [0, 1] are often label maps, masks or floats saved as bytes.
  const wide = high - low > 0.25;
  const warning = wide ? "" : "; hardly any contrast: are these the images, and not their labels?";
  findings.add(
    wide ? "pass" : "warn",
    "values",
    `${low.toFixed(3)} to ${high.toFixed(3)} of [0, 1]${warning}`,
  );
}
