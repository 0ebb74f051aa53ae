/** Convolutions: gradients by image, kernel and bias. */
import type { GraphBuilder, Value } from "../../onnx/index.js";
import { convolutionMap, sumOver } from "../fragments/composites.js";
import type { Gradient, RuleContext, Rules } from "../fragments/rule.js";
import { convolutionOf, transposedWindowsOf, windowsOf } from "../fragments/window.js";

/** y = K ∗ x + b: the image's gradient is the convolution's adjoint. */
const convGradient: Gradient = (context, [g], build) => {
  const { node, shape } = context;
  const [x, kernel] = context.inputs as [Value, Value];
  const sizes = convolutionOf(node, shape, node.outputs[0]!, windowsOf);
  return [
    context.needs(0) ? convolutionMap(build, "ConvolutionInputGradient", g!, kernel, sizes) : undefined,
    context.needs(1) ? convolutionMap(build, "ConvolutionKernelGradient", x, g!, sizes) : undefined,
    context.needs(2) ? biasGradient(build, g!, context) : undefined,
  ];
};

/** y = Kᵀ ∗ x + b: the adjoint of a convolution from y-shaped to x-shaped images, so image and output swap roles. */
const convTransposeGradient: Gradient = (context, [g], build) => {
  const { node, shape } = context;
  const [x, kernel] = context.inputs as [Value, Value];
  const sizes = convolutionOf(node, shape, x, transposedWindowsOf);
  return [
    context.needs(0) ? convolutionMap(build, "Convolution", g!, kernel, sizes) : undefined,
    context.needs(1) ? convolutionMap(build, "ConvolutionKernelGradient", g!, x, sizes) : undefined,
    context.needs(2) ? biasGradient(build, g!, context) : undefined,
  ];
};

/** The bias gradient: g summed over all axes but the channels. */
function biasGradient(build: GraphBuilder, g: Value, context: RuleContext): Value {
  const shape = context.shape(context.outputs[0]!);
  const axes = shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  return build.reshape(sumOver(build, g, shape, axes), [shape[1]!]);
}

export const convolution: Rules = {
  Conv: {
    gradient: convGradient,
    note: "1-D to 3-D, every attribute; `auto_pad` SAME_* only without dilation",
  },
  ConvTranspose: {
    gradient: convTransposeGradient,
    note: "1-D to 3-D, every attribute, also `output_shape` and `output_padding`",
  },
};
