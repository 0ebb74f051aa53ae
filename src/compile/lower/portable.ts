/** Target `portable`: the fewest standard operators, for any ONNX engine. */
import { axisProductsOf, convolutionSizes } from "../../autodiff/index.js";
import type { GraphBuilder, Node } from "../../onnx/index.js";
import { applyAlongAxes, plainForms } from "./along.js";
import { convolve, transposedConvolution } from "./convolve.js";
import type { TargetForms } from "./forms.js";
import { kernelByConvolution } from "./kernel.js";
import { scattered, scatteredAtLabel } from "./picks.js";
import { reduced } from "./sums.js";

const along = (node: Node, build: GraphBuilder) =>
  applyAlongAxes(build, node.inputs[0]!, axisProductsOf(node), plainForms);

export const portable: TargetForms = {
  composites: {
    AxisProducts: along,
    ResizeGradient: along,
    PoolGradient: along,
    SumOver: reduced,
    AddAt: scattered,
    AddAtLabel: scatteredAtLabel,
    Convolution: (node, build) => convolve(build, node.inputs[0]!, node.inputs[1]!, convolutionSizes(node)),
    ConvolutionInputGradient: (node, build) =>
      transposedConvolution(build, node.inputs[0]!, node.inputs[1]!, convolutionSizes(node)),
    ConvolutionKernelGradient: (node, build) =>
      kernelByConvolution(build, node.inputs[0]!, node.inputs[1]!, convolutionSizes(node)),
    IsPositive: (node, build) => build.cast(build.op("Greater", [node.inputs[0]!, 0]), "float32"),
    SignOf: (node, build) => build.op("Sign", [node.inputs[0]!]),
  },
  rewrites: {},
};
