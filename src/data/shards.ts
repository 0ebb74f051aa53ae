/** Dividing the images of a data set into shards, by what their headers say. */
import type { DataAccess, Entry } from "./layouts/layout.js";
import { checkShard, type DataOptions } from "./layouts/options.js";
import { everyNth, imagesByCost, type ShardOf } from "./layouts/shards.js";
import type { Size } from "./pixels/raster.js";
import { type TransformOptions, transforms } from "./pixels/transform.js";
import { readAhead, transformedSize } from "./reader.js";

/** Files whose headers are read at a time. */
const filesAtOnce = 16;

/**
 * A shard of a list of entries, with its images named unless they are every n-th.
 * @throws SeawallError `usage` when the shard does not exist or is empty, `data` for an image that cannot be read
 */
export async function openShard(
  files: DataAccess,
  entries: readonly Entry[],
  { index, count, images }: ShardOf,
  options: DataOptions,
): Promise<ShardOf> {
  const shard = { index, count };
  checkShard(entries.length, shard);
  const usual = everyNth(entries.length, shard);
  const own =
    images?.filter((image) => image < entries.length) ?? (await chosenByCost(files, entries, shard, options));
  return own === undefined || own.join() === usual.join() ? shard : { ...shard, images: own };
}

/** Undefined where all images cost the same. */
async function chosenByCost(
  files: DataAccess,
  entries: readonly Entry[],
  shard: ShardOf,
  { transform = {}, encoding = {}, costOf }: DataOptions,
): Promise<number[] | undefined> {
  if (!costOf && hasOneSize(transform)) return undefined;
  const chosen = transforms(transform);
  const sizes = readAhead(
    entries,
    (entry) => transformedSize(files, entry, chosen, encoding),
    filesAtOnce - 1,
  );
  const costs: number[] = [];
  for await (const size of sizes) {
    const { id } = entries[costs.length]!;
    costs.push(costOf ? costOf(id, size) : pixelsOf(size));
  }
  return imagesByCost(costs, shard);
}

const pixelsOf = ({ height, width }: Size) => height * width;

function hasOneSize({ crop, size }: TransformOptions): boolean {
  return crop !== undefined || (size?.[0] !== undefined && size[1] !== undefined);
}
