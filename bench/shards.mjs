/**
 * How alike shards are: the most pixels of a shard over the mean of all, for images dealt out in turn and by their pixels.
 *
 *     node bench/shards.mjs [IMAGES]
 *
 * The sizes are made up, as mixed as those of ADE20K: shorter sides of 256 to 1024 pixels, sides of 1:1 to 2:1.
 */

import { randomStream } from "../dist/base/index.js";
import { imagesByCost } from "../dist/data/index.js";

const images = Number(process.argv[2] ?? 2000);
const draw = randomStream("shards", 0);
const costs = Array.from({ length: images }, () => {
  const short = Math.round(256 * 4 ** draw.next());
  return short * Math.round(short * (1 + draw.next()));
});
const excess = (shards) => {
  const loads = shards.map((own) => own.reduce((sum, image) => sum + costs[image], 0));
  return `${(100 * (Math.max(...loads) / (costs.reduce((a, b) => a + b) / shards.length) - 1)).toFixed(2)} %`;
};
const byIndex = (count, imagesOf) => Array.from({ length: count }, (_, index) => imagesOf({ index, count }));
const inTurn = ({ index, count }) => [...costs.keys()].filter((image) => image % count === index);

console.log(`${images} images; the largest shard is above the mean by`);
for (const count of [4, 16, 64, 256]) {
  const began = performance.now();
  const own = excess(byIndex(count, (shard) => imagesByCost(costs, shard)));
  const ms = (performance.now() - began) / count;
  console.log(
    `  ${count} shards: ${excess(byIndex(count, inTurn))} in turn, ${own} by pixels (${ms.toFixed(1)} ms)`,
  );
}
