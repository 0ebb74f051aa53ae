/** Target `gpu`: ONNX Runtime on CUDA and WebGPU. No form that was chosen for the CPU's kernels. */
import { convolutionSizes } from "../../autodiff/index.js";
import type { TargetForms } from "./forms.js";
import { kernelByProducts } from "./kernel.js";
import { portable } from "./portable.js";
import { giveAllSizes } from "./rewrites.js";

export const gpu: TargetForms = {
  composites: {
    ...portable.composites,
    /** Matrix products: libraries have no fast convolution whose kernel is as large as an image. */
    ConvolutionKernelGradient: (node, build) =>
      kernelByProducts(build, node.inputs[0]!, node.inputs[1]!, convolutionSizes(node)),
  },
  rewrites: { Resize: giveAllSizes },
};
