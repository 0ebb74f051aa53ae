/** Opening a data set: from `--data` to an ordered stream of samples. */
import { invariant, SeawallError, sha256 } from "../base/index.js";
import type { DataAccess, Entry, Listing, Stamp, StampedEntry } from "./layouts/layout.js";
import { checkOptions, type DataOptions, sliceList } from "./layouts/options.js";
import { shardImages } from "./layouts/shards.js";
import type { ImageEncoding } from "./pixels/encoding.js";
import { classCount, type LabelTables, labelTables } from "./pixels/labels.js";
import { transforms } from "./pixels/transform.js";
import { createReader, readAhead } from "./reader.js";
import { chooseReading } from "./reading.js";
import type { DataSettings, Dataset } from "./sample.js";
import { openShard } from "./shards.js";
import { type DataSpec, dataSpecText, parseDataSpec } from "./spec.js";

/** A data set with its files. */
export interface FileDataset extends Dataset {
  /** How the values of the label files are read. */
  readonly labelTables: LabelTables;
  /** The files of each position. */
  readonly entries: readonly StampedEntry[];
}

/**
 * Opens a data set among these files: lists its images and checks that every file is there. No pixel is read yet.
 * @param source as written after `--data`, or a layout of the caller's own with its place
 * @throws SeawallError `config` for options that do not exist, `usage` for wrong ones, `data` for missing files and for an empty list
 */
export async function openDataIn(
  files: DataAccess,
  source: string | DataSpec,
  options: DataOptions = {},
): Promise<FileDataset> {
  checkOptions(options);
  const { name, layout, place } = parseDataSpec(source, options.datasets);
  const { labels = "truth", transform = {}, encoding = {}, tell } = options;
  const listing = await listImages(files, { name, layout, place }, options);
  const entries = await stampEntries(files, listing.entries);
  const reading = await chooseReading(files, name, layout, options, labels === "truth" ? listing : noLabels);
  const { scheme } = reading;
  const tables = labelTables(scheme, layout.codings, options.keepOthers ? undefined : options.modelClasses);
  const reader = createReader(files, tables, transforms(transform), encoding, tell);

  const shard = options.shard && (await openShard(files, entries, options.shard, options));
  const indices = shard ? shardImages(entries.length, shard) : [...entries.keys()];
  const at = (position: number) => {
    const index = indices[position];
    invariant(index !== undefined, `sample ${position} of ${indices.length} was asked for`);
    return { index, entry: entries[index]! };
  };
  const read = async (position: number) => {
    const { entry, index } = at(position);
    return reader.sample(entry, index);
  };

  return {
    spec: dataSpecText(source),
    name,
    classNames: typeof scheme.classes === "object" ? scheme.classes : undefined,
    settings: {
      split: options.split ?? layout.defaultSplit,
      labels,
      labelVariant: reading.labelVariant,
      classes: classCount(scheme),
      ignoreLabel: scheme.ignoreLabel,
      ...labelSettings(reading, listing),
      transform,
      ...(isUsual(encoding) ? {} : { encoding }),
    },
    notices: labels === "truth" ? [...(listing.notices ?? []), ...reading.notices] : [],
    shard,
    length: indices.length,
    total: entries.length,
    ids: indices.map((index) => entries[index]!.id),
    // Names alone: the list stays the same when a damaged file is repaired. Records hold the hash of each image.
    listSha256: sha256(JSON.stringify(entries.map(({ id }) => id))),
    filesSha256: hashOfFiles(entries),
    labelTables: tables,
    entries: indices.map((index) => entries[index]!),
    read,
    readLabels: async (position) => reader.labels(at(position).entry),
    samples: (positions = indices.keys()) => readAhead(positions, read, options.readAhead ?? 2),
  };
}

/** RGB images as they are: what runs of earlier versions have, whose settings name no encoding. */
function isUsual({ channels = 3, ...others }: ImageEncoding): boolean {
  return channels === 3 && Object.values(others).every((value) => value === undefined);
}

const noLabels: Listing = { entries: [] };

/** The settings of labels that older runs do not have, present only where they are used. */
function labelSettings(
  { labelMap, palette }: Pick<DataSettings, "labelMap" | "palette">,
  { labelSuffix }: Listing,
): Partial<DataSettings> {
  return {
    ...(labelMap !== undefined && { labelMap }),
    ...(palette !== undefined && { palette }),
    ...(labelSuffix !== undefined && { labelSuffix }),
  };
}

/** The images of all shards. */
async function listImages(files: DataAccess, spec: DataSpec, options: DataOptions): Promise<Listing> {
  const { layout, place } = spec;
  const { split, labels, labelSuffix } = options;
  const withLabels = labels !== "self";
  const found = await layout.list({ place, split, withLabels, labelSuffix, files });
  const listing = isListing(found) ? found : { entries: found };
  if (listing.entries.length === 0) {
    throw new SeawallError("data", `--data ${dataSpecText(spec)}: no image found; expected ${layout.images}`);
  }
  return { ...listing, entries: sliceList(listing.entries, options) };
}

function isListing(found: readonly Entry[] | Listing): found is Listing {
  return !Array.isArray(found);
}

/** Checks that every file is there, and keeps its stamp. */
async function stampEntries(files: DataAccess, entries: readonly Entry[]): Promise<StampedEntry[]> {
  const stamps: { image: Stamp | undefined; labels: Stamp | undefined }[] = [];
  for (let i = 0; i < entries.length; i += lookedUp)
    stamps.push(
      ...(await Promise.all(entries.slice(i, i + lookedUp).map((entry) => stampsOf(files, entry)))),
    );
  checkFound(entries, "image", (i) => stamps[i]!.image === undefined);
  checkFound(entries, "labels", (i) => entries[i]!.labels !== undefined && !stamps[i]!.labels);
  return entries.map((entry, i) => ({ ...entry, stamps: { ...stamps[i]!, image: stamps[i]!.image! } }));
}

/** Entries whose files are looked up at the same time. A list may name a million. */
const lookedUp = 256;

async function stampsOf(files: DataAccess, { image, labels }: Entry) {
  return {
    image: await files.stampOf(image),
    labels: labels === undefined ? undefined : await files.stampOf(labels),
  };
}

/** SHA-256 of names and file sizes (0 where no labels are wanted): enough to notice exchanged label files. */
function hashOfFiles(entries: readonly StampedEntry[]): string {
  const sizes = entries.map(({ id, stamps }) => [id, stamps.image.size, stamps.labels?.size ?? 0]);
  return sha256(JSON.stringify(sizes));
}

function checkFound(entries: readonly Entry[], kind: "image" | "labels", isMissing: (i: number) => boolean) {
  const missing = entries.filter((_, i) => isMissing(i));
  const first = missing[0];
  if (!first) return;
  const remedy = kind === "image" ? "check --data" : "add it, take the image out, or use --labels self";
  throw new SeawallError(
    "data",
    `${first[kind]}: no such file, the ${kind} of "${first.id}" (missing for ${missing.length} of ` +
      `${entries.length} images); ${remedy}`,
  );
}
