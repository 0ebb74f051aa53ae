/** Standard operators that the engine runs slowly or wrongly, written as others. */
import { convolutionOf, windowsOf } from "../../autodiff/index.js";
import { numbersOf } from "../../base/index.js";
import { attribute, producersOf, type Value } from "../../onnx/index.js";
import { convolveComputed } from "./convolve.js";
import type { Rewrite } from "./forms.js";

/** PRelu: the CPU kernel broadcasts the slope element by element; two elementwise operators take a tenth of its time. */
export const spreadSlope: Rewrite = (node, build) => {
  const [x, slope] = node.inputs as [Value, Value];
  const slopes = build.graph.initializers.get(slope);
  if (slopes && numbersOf(slopes).every((value) => value <= 1)) return build.max(x, build.mul(slope, x));
  return build.add(build.op("Relu", [x]), build.mul(slope, build.min(x, 0)));
};

/** Conv whose kernel is not a constant, in a form that may round the last bits otherwise. */
export const convolveOtherwise: Rewrite = (node, build, types) => {
  const [x, kernel, bias] = node.inputs as [Value, Value, Value | undefined];
  // The engine fuses an integer kernel with its convolution.
  if (producersOf(build.graph).get(kernel)?.op === "DequantizeLinear") return undefined;
  const known = [x, kernel, node.outputs[0]!].every((value) => types.has(value));
  if (!known) return undefined;
  const sizes = convolutionOf(node, (value) => types.get(value)!.shape, node.outputs[0]!, windowsOf);
  return convolveComputed(build, x, kernel, sizes, bias);
};

/** Resize after a Transpose: the engine's optimizer loses the sizes of some axes, so all of them are given. */
export const giveAllSizes: Rewrite = (node, build, types) => {
  const [x, region, scales, sizes] = node.inputs as [Value, Value, Value, Value | undefined];
  const shape = types.get(node.outputs[0]!)?.shape;
  const { axes, ...attributes } = node.attributes;
  const stretched = attribute.string(node, "keep_aspect_ratio_policy", "stretch") === "stretch";
  if (!axes || !shape || !sizes || !stretched || region) return undefined;
  return build.op("Resize", [x, "", scales, build.ints(shape)], attributes);
};
