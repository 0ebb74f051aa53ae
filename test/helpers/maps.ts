/** The reference for maps along an axis: sums of taps in double precision. */
import type { AxisMap } from "../../src/autodiff/fragments/taps.js";
import { sizeOf } from "../../src/base/index.js";

/** `values`, of the given shape, with `map` applied to every line along `axis`. */
export function applyTaps(
  values: Float64Array,
  shape: readonly number[],
  axis: number,
  map: AxisMap,
): Float64Array {
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  const results = new Float64Array(outer * map.taps.length * inner);
  for (let block = 0; block < outer; block++) {
    for (const [output, terms] of map.taps.entries()) {
      for (const { from, weight } of terms) {
        const source = (block * map.inputs + from) * inner;
        const target = (block * map.taps.length + output) * inner;
        for (let i = 0; i < inner; i++) results[target + i]! += weight * values[source + i]!;
      }
    }
  }
  return results;
}

/** Largest absolute difference; infinite where one is not a number. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return largest;
}
