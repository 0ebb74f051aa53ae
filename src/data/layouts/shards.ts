/** Shards: parts of a list of images that are attacked apart from one another. */
/** Shard `index` of `count`, counted from 0. */
export interface ShardOf {
  readonly index: number;
  readonly count: number;
  /** Positions of its images in the list of all shards, ascending; absent for every `count`-th, from `index` on. */
  readonly images?: readonly number[] | undefined;
}

/**
 * Positions of the images of a shard, ascending. The images go, the most expensive first, each to the shard with the
 * least to do so far. Equal costs thus give image i to shard i mod `count`.
 * @param costs what each image of the list costs, in any unit: whole numbers, so that sums are exact
 */
export function imagesByCost(costs: readonly number[], { index, count }: ShardOf): number[] {
  const loads = new Float64Array(count);
  const own: number[] = [];
  for (const image of [...costs.keys()].sort((a, b) => costs[b]! - costs[a]! || a - b)) {
    const least = lowest(loads);
    loads[least]! += costs[image]!;
    if (least === index) own.push(image);
  }
  return own.sort((a, b) => a - b);
}

/** Position of the smallest number, the first of equals. */
function lowest(numbers: Float64Array): number {
  let found = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i]! < numbers[found]!) found = i;
  return found;
}

/** Every `count`-th position of a list, from `index` on. */
export function everyNth(length: number, { index, count }: ShardOf): number[] {
  return Array.from({ length: Math.ceil((length - index) / count) }, (_, i) => index + i * count);
}

/** Positions of a shard's images in a list of this length. */
export function shardImages(length: number, shard: ShardOf): readonly number[] {
  return shard.images ?? everyNth(length, shard);
}
