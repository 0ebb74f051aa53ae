/** Opening a data set: from what the user wrote to an ordered stream of samples. */
import { invariant, SeawallError, sha256 } from "../base/index.js";
import { stampOf } from "./formats/stamp.node.js";
import { classCount } from "./pixels/labels.js";
import { transforms } from "./pixels/transform.js";
import { createReader, readAhead } from "./reader.node.js";
import type { Dataset } from "./sample.js";
import { type DatasetName, parseDataSpec, schemeOf } from "./sets/datasets.node.js";
import type { Entry, StampedEntry } from "./sets/layout.node.js";
import { chosenVariant, type OpenOptions, shardIndices, sliceList } from "./sets/options.js";

/** A data set whose files lie on disk. */
export interface FileDataset extends Dataset {
  readonly name: DatasetName;
  /** The files of each position. */
  readonly entries: readonly StampedEntry[];
}

/**
 * Opens the data set that `--data` names: lists it and checks that every file is there; reads no pixel yet.
 * @throws SeawallError `usage` for wrong flags, `data` for missing files and for an empty list.
 */
export async function openData(spec: string, options: OpenOptions = {}): Promise<FileDataset> {
  const { name, layout } = parseDataSpec(spec);
  const { labels = "truth", transform = {} } = options;
  const variant = chosenVariant(name, layout.variants, options);
  const scheme = schemeOf(name, variant, options);
  const reader = createReader(scheme, transforms(transform));

  const entries = await stampEntries(await listEntries(spec, options));
  const indices = shardIndices(entries.length, options.shard);
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
    spec,
    name,
    classNames: typeof scheme.classes === "object" ? scheme.classes : undefined,
    settings: {
      split: options.split ?? layout.defaultSplit,
      labels,
      labelVariant: variant,
      classes: classCount(scheme),
      ignoreLabel: scheme.ignoreLabel,
      transform,
    },
    length: indices.length,
    total: entries.length,
    ids: indices.map((index) => entries[index]!.id),
    // Of names alone: a damaged file that was mended is no other list. Records hold the hash of each image.
    listSha256: sha256(JSON.stringify(entries.map(({ id }) => id))),
    filesSha256: hashOfFiles(entries),
    entries: indices.map((index) => entries[index]!),
    read,
    readLabels: async (position) => reader.labels(at(position).entry),
    samples: (positions = indices.keys()) => readAhead(positions, read, options.readAhead ?? 2),
  };
}

/** What a training set can be told: its images come whole and with labels. */
export type TrainingDataOptions = Omit<OpenOptions, "labels" | "shard" | "transform" | "readAhead">;

/**
 * Opens a data set to be trained on; its split is the training split unless the options name one.
 * @throws SeawallError `usage` for wrong flags or when nobody says how many classes there are, `data` for missing
 * files and for an empty list
 */
export async function openTrainingData(
  spec: string,
  options: TrainingDataOptions = {},
): Promise<FileDataset> {
  const { trainingSplit } = parseDataSpec(spec).layout;
  const dataset = await openData(spec, { ...options, split: options.split ?? trainingSplit });
  if (dataset.settings.classes === undefined) {
    throw new SeawallError("usage", `--data ${spec}: the number of classes is not known; add --classes`);
  }
  return dataset;
}

/** The images of all shards. */
async function listEntries(spec: string, options: OpenOptions): Promise<Entry[]> {
  const { layout, place } = parseDataSpec(spec);
  const listed = await layout.list(place, options.split, options.labels !== "self");
  if (listed.length === 0) {
    throw new SeawallError("data", `--data ${spec}: no image found; expected ${layout.images}`);
  }
  return sliceList(listed, options);
}

/** Checks that every file is there, and keeps how it was found. */
async function stampEntries(entries: readonly Entry[]): Promise<StampedEntry[]> {
  const stamps = await Promise.all(
    entries.map(async ({ image, labels }) => ({
      image: await stampOf(image),
      labels: labels === undefined ? undefined : await stampOf(labels),
    })),
  );
  refuseMissing(entries, "image", (i) => stamps[i]!.image === undefined);
  refuseMissing(entries, "labels", (i) => entries[i]!.labels !== undefined && !stamps[i]!.labels);
  return entries.map((entry, i) => ({ ...entry, stamps: { ...stamps[i]!, image: stamps[i]!.image! } }));
}

/** Of names and file sizes (0 where no labels are wanted): enough to notice exchanged label files. */
function hashOfFiles(entries: readonly StampedEntry[]): string {
  const sizes = entries.map(({ id, stamps }) => [id, stamps.image.size, stamps.labels?.size ?? 0]);
  return sha256(JSON.stringify(sizes));
}

function refuseMissing(
  entries: readonly Entry[],
  kind: "image" | "labels",
  isMissing: (i: number) => boolean,
) {
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
