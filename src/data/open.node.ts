/** Opening a data set: from what the user wrote to an ordered stream of samples. */
import { invariant, SeawallError, sha256 } from "../base/index.js";
import { parseDataSpec } from "./datasets.node.js";
import { fileSize } from "./files.node.js";
import { classCount } from "./labels.js";
import type { Entry } from "./layout.node.js";
import { chosenVariant, type OpenOptions, overrideScheme, shardIndices, sliceList } from "./options.js";
import { createReader, readAhead } from "./reader.node.js";
import type { Dataset } from "./sample.js";
import { transforms } from "./transform.js";

/**
 * Opens the data set that `--data` names: lists it and checks that every file is there; reads no pixel yet.
 * @throws SeawallError `usage` for wrong flags, `data` for missing files and for an empty list.
 */
export async function openData(spec: string, options: OpenOptions = {}): Promise<Dataset> {
  const { name, layout } = parseDataSpec(spec);
  const { labels = "truth", transform = {} } = options;
  const variant = chosenVariant(name, layout.variants, options);
  const scheme = overrideScheme((variant && layout.variants[variant]) ?? layout.scheme, options);
  const reader = createReader(scheme, transforms(transform));

  const entries = await listEntries(spec, options);
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
    filesSha256: await hashOfFiles(entries),
    read,
    readLabels: async (position) => reader.labels(at(position).entry),
    samples: (positions = indices.keys()) => readAhead(positions, read, options.readAhead ?? 2),
  };
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

/** Checks that every file is there, and hashes names and file sizes: enough to notice exchanged label files. */
async function hashOfFiles(entries: readonly Entry[]): Promise<string> {
  const sizes = await Promise.all(entries.map(sizesOf));
  refuseMissing(entries, "image", (i) => sizes[i]!.image === undefined);
  refuseMissing(entries, "labels", (i) => sizes[i]!.labels === undefined);
  return sha256(JSON.stringify(entries.map(({ id }, i) => [id, sizes[i]!.image, sizes[i]!.labels])));
}

/** Bytes of both files, undefined where a file is missing; labels are 0 when none are wanted. */
async function sizesOf({ image, labels }: Entry) {
  return { image: await fileSize(image), labels: labels === undefined ? 0 : await fileSize(labels) };
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
