/** Forms of adding at indices: rows of a tensor, and one number per pixel in the label's channel. */
import { additionOf, picks, transposed, zerosOf } from "../../autodiff/index.js";
import { float32, int64 } from "../../base/index.js";
import { attribute, type GraphBuilder, type Node, type Value } from "../../onnx/index.js";
import { applyAlong, cpuForms, isCopying } from "./along.js";
import { cpuThresholds } from "./facts/thresholds.js";

/**
 * Rows added one after the other. Never ScatterND with reduction "add": ONNX Runtime's CPU kernel adds its rows in
 * parallel without a lock, and loses some where indices repeat.
 */
export function scattered(node: Node, build: GraphBuilder): Value {
  const { rows, length, indices } = additionOf(node);
  const [outer, count, inner] = rows;
  const column = indices ? build.ints(indices) : node.inputs[1]!;
  const everywhere = build.expand(build.reshape(column, [1, count, 1]), rows);
  const zeros = zerosOf(build, [outer, length, inner]);
  return build.op("ScatterElements", [zeros, everywhere, node.inputs[0]!], { axis: 1, reduction: "add" });
}

/** Rows at constant indices by copies, sums or a product with a matrix of zeros and ones, where that is faster. */
export function scatteredByMap(node: Node, build: GraphBuilder): Value {
  const { rows, length, indices } = additionOf(node);
  if (indices) {
    const map = transposed(picks(indices, length));
    if (length <= cpuThresholds.oneHotLength.value || isCopying(map)) {
      return applyAlong(build, node.inputs[0]!, rows, 1, map, cpuForms);
    }
  }
  return scattered(node, build);
}

/** Number of classes of an `AddAtLabel`; infinite if unknown. */
function classesOf(node: Node): number {
  return attribute.optionalInt(node, "classes") ?? Number.POSITIVE_INFINITY;
}

/** `AddAtLabel` (base N×K×P, labels N×1×P, update N×1×P) as ScatterElements; ignored labels count as 0. */
export function scatteredAtLabel(node: Node, build: GraphBuilder): Value {
  const [base, labels, update] = node.inputs as [Value, Value, Value];
  const legal = build.max(labels, build.constant(int64([], [0])));
  return build.op("ScatterElements", [base, legal, update], { axis: 1, reduction: "add" });
}

/** `AddAtLabel` among few classes by comparing the label with each; compared as floats, which takes half the time. */
export function comparedAtLabel(node: Node, build: GraphBuilder): Value {
  const classes = classesOf(node);
  if (classes > cpuThresholds.labelClasses.value) return scatteredAtLabel(node, build);
  const [base, labels, update] = node.inputs as [Value, Value, Value];
  const every = float32(
    [1, classes, 1],
    Array.from({ length: classes }, (_, i) => i),
  );
  const equal = build.op("Equal", [build.cast(labels, "float32"), build.constant(every, "classes")]);
  return build.add(base, build.mul(build.cast(equal, "float32"), update));
}
