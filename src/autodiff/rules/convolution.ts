/** Convolutions: gradients by image, kernel and bias. */
import { float32, sizeOf } from "../../base/index.js";
import type { GraphBuilder, Value } from "../../onnx/index.js";
import { convolutionMap, sumOver } from "../fragments/composites.js";
import type { Gradient, RuleContext, Rules } from "../fragments/rule.js";
import { convolutionOf, transposedWindowsOf, windowsOf } from "../fragments/window.js";
import { constantNumbers } from "./fragments.js";

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

/**
 * Col2Im adds columns N×(C·taps)×L into an image, so its gradient reads the image's windows: a convolution whose kernels
 * are 1 at one tap each and 0 elsewhere.
 */
const col2ImGradient: Gradient = (context, [g], build) => {
  const { node, inputs, outputs, shape } = context;
  const block = constantNumbers(context, 2, "block_shape")!;
  const channels = shape(outputs[0]!)[1]!;
  const taps = sizeOf(block);
  const kernels = new Float32Array(channels * taps * taps);
  for (let i = 0; i < channels * taps; i++) kernels[i * taps + (i % taps)] = 1;
  const kernel = build.constant(float32([channels * taps, 1, ...block], kernels));
  const { dilations, pads, strides } = node.attributes;
  const windows = build.op("Conv", [g!, kernel], { dilations, pads, strides, group: channels });
  return [build.reshape(windows, shape(inputs[0]!))];
};

export const convolution: Rules = {
  Col2Im: { gradient: col2ImGradient, note: "1-D to 3-D; `block_shape` must be constant" },
  Conv: {
    gradient: convGradient,
    note: "1-D to 3-D, every attribute; `auto_pad` SAME_* only without dilation",
  },
  ConvTranspose: {
    gradient: convTransposeGradient,
    note: "1-D to 3-D, every attribute, also `output_shape` and `output_padding`",
  },
};
