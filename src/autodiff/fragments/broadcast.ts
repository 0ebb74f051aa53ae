/** Undoing a broadcast: the gradient of a value that was copied along an axis is the sum along that axis. */
import type { GraphBuilder, Value } from "../../onnx/index.js";
import { sumOver } from "./composites.js";

/** Sums `gradient`, of shape `from`, over the axes along which a value of shape `to` was broadcast. */
export function unbroadcast(
  build: GraphBuilder,
  gradient: Value,
  from: readonly number[],
  to: readonly number[],
): Value {
  const lead = from.length - to.length;
  const axes = from.flatMap((dim, i) => (i < lead || (to[i - lead] === 1 && dim !== 1) ? [i] : []));
  const summed = sumOver(build, gradient, from, axes);
  return lead > 0 ? build.reshape(summed, to) : summed;
}
