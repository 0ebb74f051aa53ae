/** Forms of sums over axes. */
import { onesOf, sumOf } from "../../autodiff/index.js";
import { sizeOf } from "../../base/index.js";
import type { GraphBuilder, Node, Value } from "../../onnx/index.js";

/** `ReduceSum`. */
export function reduced(node: Node, build: GraphBuilder): Value {
  return build.reduce("ReduceSum", node.inputs[0]!, sumOf(node).axes);
}

/**
 * A sum over neighbouring axes in front of or between others, as a product with a row of ones: ONNX Runtime's ReduceSum
 * over the channels of one image strides through memory and takes about ten times as long.
 */
export function reducedByProduct(node: Node, build: GraphBuilder): Value {
  const { shape, axes } = sumOf(node);
  const [first, last] = [axes[0]!, axes[axes.length - 1]!];
  const between = shape.slice(first, last + 1).filter((dim, i) => dim !== 1 && !axes.includes(first + i));
  const [before, summed, after] = [
    sizeOf(shape.slice(0, first)),
    sizeOf(shape.slice(first, last + 1)),
    sizeOf(shape.slice(last + 1)),
  ];
  if (between.length > 0 || after === 1 || before * summed * after === 0) return reduced(node, build);
  const kept = shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
  const blocks = build.reshape(node.inputs[0]!, before === 1 ? [summed, after] : [before, summed, after]);
  return build.reshape(build.matmul(onesOf(build, [1, summed]), blocks), kept);
}
