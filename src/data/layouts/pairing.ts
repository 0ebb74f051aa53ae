/** Which label file belongs to which image, by their names. */
import { SeawallError } from "../../base/index.js";
import type { Entry, Listing } from "./layout.js";

/** A file of a folder, or of its sub-folders. */
export interface FoundFile {
  /** Path below the folder without the ending, with slashes on every system: `aachen/x`. */
  readonly stem: string;
  readonly path: string;
}

/** What names of label files have at their end and names of images lack; numbers may follow. */
const labelSuffixes = [
  ...["_mask", "_masks", "_m", "_label", "_labels", "_lbl", "_gt", "_GT", "_seg", "_segmentation"],
  ...["_Segmentation", "_annotation", "_anno", "_L", "_train_id"],
  ...["_gtFine_labelIds", "_gtFine_labelTrainIds"],
];
/** What names of images have instead. */
const imageSuffixes = ["", "_leftImg8bit", "_sat", "_image", "_img", "_rgb"];

/** Where images and label files were looked for, for messages. */
export interface Folders {
  readonly images: string;
  readonly labels: string;
}

/**
 * Pairs images with label files. The names are the same, or differ by a suffix: the given one, or the only known one
 * that fits all images.
 * @param missing the label file of an image that has none, for the message that it is missing
 * @throws SeawallError `data` when no suffix or more than one fits
 */
export function pairByName(
  images: readonly FoundFile[],
  labels: readonly FoundFile[],
  suffix: string | undefined,
  folders: Folders,
  missing: (stem: string) => string,
): Listing {
  const exact = filesByKey(labels, "");
  if (suffix !== undefined) return withSuffix(images, labels, suffix, folders);
  if (images.some(({ stem }) => exact.has(stem)) || labels.length === 0 || images.length === 0) {
    const entries = images.map(({ stem, path }) => ({
      id: stem,
      image: path,
      labels: exact.get(stem) ?? missing(stem),
    }));
    return { entries };
  }
  const fitting = labelSuffixes.flatMap((one) => fits(images, labels, one) ?? []);
  const [only, another] = fitting;
  if (only && !another) {
    return {
      ...only,
      notices: [`label files end in ${only.labelSuffix}: found by --label-suffix ${only.labelSuffix}`],
    };
  }
  const known = another ? fitting.map(({ labelSuffix }) => labelSuffix!) : commonSuffix(images, labels);
  throw new SeawallError("data", suffixProblem(images[0]!, labels[0]!, known, folders));
}

function suffixProblem(
  image: FoundFile,
  label: FoundFile,
  fitting: readonly string[],
  folders: Folders,
): string {
  const names = `no label file in ${folders.labels} has the name of an image in ${folders.images} (the first are ${image.path} and ${label.path})`;
  if (fitting.length === 0)
    return `${names}; name them alike, or name what label files have at the end with --label-suffix`;
  return `${names}; use ${fitting.map((one) => `--label-suffix ${one}`).join(" or ")}`;
}

/** The entries if, with this suffix, every image has a label file; undefined otherwise. */
function fits(
  images: readonly FoundFile[],
  labels: readonly FoundFile[],
  suffix: string,
): Listing | undefined {
  const byKey = filesByKey(labels, suffix);
  if (byKey.size === 0) return undefined;
  const own = imageSuffixes.find((one) => images.every(({ stem }) => byKey.has(keyOf(stem, one) ?? "")));
  return own === undefined ? undefined : { entries: entriesOf(images, byKey, own), labelSuffix: suffix };
}

function withSuffix(
  images: readonly FoundFile[],
  labels: readonly FoundFile[],
  suffix: string,
  folders: Folders,
): Listing {
  const all = fits(images, labels, suffix);
  if (all) return all;
  const byKey = filesByKey(labels, suffix);
  const lacking = images.filter(({ stem }) => !byKey.has(stem));
  const first = lacking[0];
  if (!first) return { entries: [], labelSuffix: suffix };
  throw new SeawallError(
    "data",
    `--label-suffix ${suffix}: ${first.path} has no label file "${first.stem}${suffix}" with an ending such as .png in ` +
      `${folders.labels} (missing for ${lacking.length} of ${images.length} images); add it, take the image out, or give another suffix`,
  );
}

function entriesOf(
  images: readonly FoundFile[],
  byKey: ReadonlyMap<string, string>,
  imageSuffix: string,
): Entry[] {
  return images.map(({ stem, path }) => ({
    id: stem,
    image: path,
    labels: byKey.get(keyOf(stem, imageSuffix)!),
  }));
}

/** Paths by their names without the suffix; the first of several counts. */
function filesByKey(files: readonly FoundFile[], suffix: string): Map<string, string> {
  const byKey = new Map<string, string>();
  for (const { stem, path } of files) {
    const key = keyOf(stem, suffix);
    if (key !== undefined && !byKey.has(key)) byKey.set(key, path);
  }
  return byKey;
}

/** The name without the suffix, before which numbers may stand: `a_mask0` → `a0`; undefined where it has none. */
function keyOf(stem: string, suffix: string): string | undefined {
  if (suffix === "") return stem;
  const digits = /\d*$/.exec(stem)![0];
  const start = stem.slice(0, stem.length - digits.length);
  if (start.endsWith(suffix)) return start.slice(0, -suffix.length) + digits;
  return stem.endsWith(suffix) ? stem.slice(0, -suffix.length) : undefined;
}

/** Whether a name has a suffix, before which numbers may stand. */
export function endsInSuffix(stem: string, suffix: string): boolean {
  return keyOf(stem, suffix) !== undefined;
}

/** The known suffix whose bearers are the label files of all other images, for a folder that holds both. */
export function suffixAmong(files: readonly FoundFile[]): string | undefined {
  return labelSuffixes.find((suffix) => {
    const images = files.filter(({ stem }) => !endsInSuffix(stem, suffix));
    return images.length < files.length && fits(images, files, suffix) !== undefined;
  });
}

/** The endings that make every image's name that of a label file. */
function commonSuffix(images: readonly FoundFile[], labels: readonly FoundFile[]): string[] {
  const stems = new Set(labels.map(({ stem }) => stem));
  const first = images[0]!.stem;
  return [...stems]
    .filter((stem) => stem.startsWith(first) && stem.length > first.length)
    .map((stem) => stem.slice(first.length))
    .filter((suffix) => images.every(({ stem }) => stems.has(stem + suffix)))
    .slice(0, 3);
}
