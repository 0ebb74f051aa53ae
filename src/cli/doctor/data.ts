/** Do images and labels look as an evaluation needs them? */
import { countLabelMap, type Dataset, labelStats, type Sample } from "../../data/index.js";
import { openData, readClasses } from "../../data/index.node.js";
import { alignRows, formatShare, plural } from "../../report/index.js";
import { type Finding, Findings, type Settings } from "./finding.js";

/** A data set as the doctor sees it. */
export interface ExaminedData {
  readonly findings: Findings;
  /** Undefined where no image could be read. */
  readonly first: Sample | undefined;
  readonly tally: LabelTally | undefined;
  readonly classNames: readonly string[] | undefined;
}

/** Labels of the images that were read. */
export interface LabelTally {
  /** Pixels of each class, those of no declared class included. */
  readonly pixels: readonly number[];
  readonly ignored: number;
  /** Images in which each class occurs. */
  readonly images: readonly number[];
  readonly declared: number | undefined;
}

/** How many images are enough to notice what is wrong with all of them. */
const usualImages = 20;

/** Reads the first images with their labels. */
export async function examineData(spec: string, settings: Settings): Promise<ExaminedData> {
  const findings = new Findings("data");
  const nothing = { findings, first: undefined, tally: undefined, classNames: undefined };
  const data = await findings.attempt("list", () => open(spec, settings));
  if (!data) return nothing;
  const samples = await findings.attempt("images", () => readSamples(data));
  if (!samples) return nothing;

  findings.add("pass", "images", `${plural(samples.length, "image")} of ${spec}, ${sizesOf(samples)}`);
  addRange(findings, samples);
  const declared =
    settings.classes === undefined ? data.settings.classes : await declaredClasses(settings.classes);
  const tally = data.settings.labels === "self" ? undefined : tallyOf(samples, declared);
  if (!tally) findings.add("skip", "labels", "none read; with --labels self figures are consistency");
  return { findings, first: samples[0], tally, classNames: data.classNames };
}

async function declaredClasses(classes: number | string): Promise<number> {
  const read = await readClasses(String(classes));
  return typeof read === "number" ? read : read.length;
}

/** Folders are read without their number of classes, so that a wrong label is counted and not refused. */
async function open(spec: string, settings: Settings): Promise<Dataset> {
  const { labels, split, offset, limit = usualImages, ignoreLabel, resizeShort, crop } = settings;
  const transform = { ...(resizeShort && { resizeShort }), ...(crop && { crop }) };
  return openData(spec, { labels, split, offset, limit, ignoreLabel, transform });
}

async function readSamples(data: Dataset): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of data.samples()) samples.push(sample);
  return samples;
}

function sizesOf(samples: readonly Sample[]): string {
  const sizes = [...new Set(samples.map(({ height, width }) => `${height}×${width}`))];
  const shown = sizes.slice(0, 3).join(", ");
  return sizes.length === 1
    ? `all ${shown}`
    : `${sizes.length} sizes (${shown}${sizes.length > 3 ? ", …" : ""})`;
}

/** Images that use little of [0, 1] are often label maps, masks or floats saved as bytes. */
function addRange(findings: Findings, samples: readonly Sample[]): void {
  let [low, high] = [1, 0];
  for (const { image } of samples) {
    for (const value of image.data) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  const wide = high - low > 0.25;
  const warning = wide ? "" : "; hardly any contrast: are these the images, and not their labels?";
  findings.add(
    wide ? "pass" : "warn",
    "values",
    `${low.toFixed(3)} to ${high.toFixed(3)} of [0, 1]${warning}`,
  );
  const distinct = new Set(samples.map(({ hash }) => hash)).size;
  if (distinct < samples.length) {
    findings.add("warn", "images", `${plural(samples.length - distinct, "image")} equal to another one`);
  }
}

function tallyOf(samples: readonly Sample[], declared: number | undefined): LabelTally {
  const maps = samples.flatMap(({ labels }) => (labels ? [countLabelMap(labels)] : []));
  const length = Math.max(declared ?? 0, ...maps.map(({ classes }) => classes.length));
  const sumOf = (of: (classes: readonly number[], k: number) => number) =>
    Array.from({ length }, (_, k) => maps.reduce((sum, { classes }) => sum + of(classes, k), 0));
  return {
    pixels: sumOf((classes, k) => classes[k] ?? 0),
    ignored: maps.reduce((sum, { ignored }) => sum + ignored, 0),
    images: sumOf((classes, k) => (classes[k] ? 1 : 0)),
    declared,
  };
}

/** Judges the labels against the number of classes, the model's where the data set has none of its own. */
export function labelFindings(tally: LabelTally, modelClasses: number | undefined): Finding[] {
  const findings = new Findings("data");
  const classes = tally.declared ?? modelClasses ?? tally.pixels.length;
  const { voidShare, shares } = labelStats({ classes: tally.pixels, ignored: tally.ignored });
  findings.add("pass", "ignored", `${formatShare(voidShare)} of the pixels count nowhere`);
  const outside = tally.pixels.flatMap((count, label) => (label >= classes && count > 0 ? [label] : []));
  for (const label of outside.slice(0, 3)) {
    findings.add(
      "fail",
      "labels",
      `label ${label} (${formatShare(shares[label]!)} of the labelled pixels, in ${plural(tally.images[label]!, "image")}) is none of ` +
        `${classes} classes; --ignore-label ${label} if it must not count, --classes ${label + 1} if it is a class`,
    );
  }
  if (outside.length > 3)
    findings.add("fail", "labels", `and ${outside.length - 3} more labels that are no class`);
  const absent = tally.pixels.slice(0, classes).flatMap((count, k) => (count === 0 ? [k] : []));
  if (outside.length === 0) findings.add("pass", "labels", `all in 0 to ${classes - 1}`);
  if (absent.length > 0)
    findings.add("warn", "absent", `no pixel of class ${absent.join(", ")} in these images`);
  if (modelClasses !== undefined && tally.declared !== undefined && tally.declared !== modelClasses) {
    findings.add(
      "fail",
      "classes",
      `the data has ${tally.declared}, the model ${modelClasses}; see --classes and --output`,
    );
  }
  return findings.list;
}

/** The share of each class as rows of text. */
export function histogramLines(
  { pixels, images, declared }: LabelTally,
  names: readonly string[] | undefined,
): string[] {
  const { shares } = labelStats({ classes: pixels, ignored: 0 });
  const widest = 24;
  const rows = shares.flatMap((share, k) => {
    if (pixels[k] === 0 && k >= (declared ?? 0)) return [];
    return [
      [`${k}`, names?.[k] ?? "", formatShare(share), `${images[k]}`, "▇".repeat(Math.round(share * widest))],
    ];
  });
  return alignRows([["class", names ? "name" : "", "pixels", "images", ""], ...rows]);
}
