/** Correct pixels of the objects in a label map, by object size. */
import type { MapSize } from "./boundary.js";
import { ignoreLabel } from "./counts.js";
import { Tally } from "./tally.js";

/** The largest areas of small and medium objects, in pixels of the label map, as in COCO. */
const objectAreas = [32 ** 2, 96 ** 2] as const;

/** Names of the object sizes. Their indices are used in `CountDetails`. */
export const objectSizes = ["small", "medium", "large"] as const;

/** Correct pixels and pixels of objects, by class and size; see `CountDetails`. */
export function countObjects(
  prediction: ArrayLike<number>,
  labels: ArrayLike<number>,
  size: MapSize,
): number[] {
  const objects = new Tally(2, 2);
  const seen = new Uint8Array(labels.length);
  const stack = new Int32Array(labels.length);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel]!;
    if (seen[pixel] || label === ignoreLabel) continue;
    const { area, hits } = flood(pixel, prediction, labels, size, seen, stack);
    objects.add([label, sizeClass(area)], [hits, area]);
  }
  return objects.list();
}

function sizeClass(area: number): number {
  const found = objectAreas.findIndex((most) => area <= most);
  return found < 0 ? objectAreas.length : found;
}

/** Flood fill: marks the pixels of an object as seen, and counts them. */
function flood(
  start: number,
  prediction: ArrayLike<number>,
  labels: ArrayLike<number>,
  { width }: MapSize,
  seen: Uint8Array,
  stack: Int32Array,
): { area: number; hits: number } {
  const label = labels[start]!;
  let [area, hits, depth] = [0, 0, 0];
  const visit = (pixel: number) => {
    if (seen[pixel] || labels[pixel] !== label) return;
    seen[pixel] = 1;
    stack[depth++] = pixel;
  };
  visit(start);
  while (depth > 0) {
    const pixel = stack[--depth]!;
    area++;
    if (prediction[pixel] === label) hits++;
    const column = pixel % width;
    if (column > 0) visit(pixel - 1);
    if (column < width - 1) visit(pixel + 1);
    if (pixel >= width) visit(pixel - width);
    if (pixel + width < labels.length) visit(pixel + width);
  }
  return { area, hits };
}
