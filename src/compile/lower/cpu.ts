/** Target `cpu`: the forms that take least time on ONNX Runtime's CPU kernels; `thresholds.ts` has the numbers. */
import { axisProductsOf, type Convolution, convolutionSizes } from "../../autodiff/index.js";
import { float32, sizeOf } from "../../base/index.js";
import { float, type GraphBuilder, type Node, type Value } from "../../onnx/index.js";
import { applyAlongAxes, cpuForms } from "./along.js";
import {
  convolve,
  convolveComputed,
  isPointwise,
  pointwiseAdjoint,
  rotatedConvolution,
  spread,
  transposedConvolution,
} from "./convolve.js";
import { blockLength, repetitionOf } from "./facts/maps.js";
import { cpuThresholds } from "./facts/thresholds.js";
import { isDepthwise, tapsOf } from "./facts/windows.js";
import type { TargetForms } from "./forms.js";
import { kernelByConvolution, kernelByMirror, kernelByProducts } from "./kernel.js";
import { comparedAtLabel, scatteredByMap } from "./picks.js";
import { convolveOtherwise, giveAllSizes, spreadSlope } from "./rewrites.js";
import { kernelByRows, suitsRowsOfKernel } from "./rows.js";
import { reducedByProduct } from "./sums.js";
import { kernelByTiles, suitsTilesOfKernel } from "./tiles.js";

type ConvolutionForm = (build: GraphBuilder, left: Value, right: Value, sizes: Convolution) => Value;

const along = (node: Node, build: GraphBuilder) =>
  applyAlongAxes(build, node.inputs[0]!, axisProductsOf(node), cpuForms);

const convolution = (write: ConvolutionForm) => (node: Node, build: GraphBuilder) =>
  write(build, node.inputs[0]!, node.inputs[1]!, convolutionSizes(node));

/** Lifts every normal float32 to 1 or above: the smallest is 1.18e-38. */
const steep = 1e38;

export const cpu: TargetForms = {
  composites: {
    AxisProducts: along,
    ResizeGradient: (node, build) => pooled(node, build) ?? along(node, build),
    PoolGradient: (node, build) => enlarged(node, build) ?? along(node, build),
    SumOver: reducedByProduct,
    AddAt: scatteredByMap,
    AddAtLabel: comparedAtLabel,
    Convolution: convolution(
      (build, image, kernel, sizes) =>
        convolveComputed(build, image, kernel, sizes) ?? convolve(build, image, kernel, sizes),
    ),
    ConvolutionInputGradient: convolution(inputGradient),
    ConvolutionKernelGradient: convolution(kernelGradient),
    /** A clamp of a very steep line, in one operator: a comparison and a cast take twice as long. */
    IsPositive: ({ inputs: [x] }, build) =>
      build.op("HardSigmoid", [x!], { alpha: float(steep), beta: float(0) }),
    /** A clamped steep line takes half the time of the operator Sign. */
    SignOf: ({ inputs: [x] }, build) => build.op("Clip", [build.mul(x!, steep), -1, 1]),
  },
  rewrites: { PRelu: spreadSlope, Conv: convolveOtherwise, Resize: giveAllSizes },
};

/**
 * With stride 1: a convolution with the rotated kernel, since `Conv` is blocked by channels and `ConvTranspose` is a
 * matrix product whose columns are added up. With a larger stride: `ConvTranspose`. A convolution for each residue of
 * the stride computes faster but loses more when residues are interleaved, and a convolution over a gradient that is
 * spread with zeros multiplies zeros; only for large depthwise kernels is the latter faster.
 */
function inputGradient(build: GraphBuilder, gradient: Value, kernel: Value, sizes: Convolution): Value {
  // Spares the engine's change into and out of the layout of `Conv`.
  if (isPointwise(sizes)) return pointwiseAdjoint(build, gradient, kernel, sizes);
  if (sizes.windows.every(({ stride }) => stride === 1)) {
    return rotatedConvolution(build, gradient, kernel, sizes);
  }
  if (isDepthwise(sizes) && tapsOf(sizes.windows) > cpuThresholds.transposedTaps.value) {
    const { value, windows } = spread(build, gradient, sizes);
    return rotatedConvolution(build, value, kernel, { ...sizes, windows });
  }
  return transposedConvolution(build, gradient, kernel, sizes);
}

function kernelGradient(build: GraphBuilder, image: Value, gradient: Value, sizes: Convolution): Value {
  if (suitsRowsOfKernel(sizes)) return kernelByRows(build, image, gradient, sizes);
  if (suitsTilesOfKernel(sizes)) return kernelByTiles(build, image, gradient, sizes);
  const dense = sizes.windows.every(({ stride, kernel }) => stride === 1 && kernel > 1);
  if (sizes.outer < sizes.inner && dense) return kernelByMirror(build, image, gradient, sizes);
  const strided = sizes.windows.some(({ stride }) => stride > 1);
  const crowded = tapsOf(sizes.windows) > cpuThresholds.kernelProducts.value;
  return sizes.inner <= cpuThresholds.kernelChannels.value && (strided || crowded)
    ? kernelByConvolution(build, image, gradient, sizes)
    : kernelByProducts(build, image, gradient, sizes);
}

/** The adjoint of a nearest enlargement of an image by whole factors: sums over small windows. */
function pooled(node: Node, build: GraphBuilder): Value | undefined {
  const { shape, maps } = axisProductsOf(node);
  const planar = shape.length === 4 && !maps.has(0) && !maps.has(1);
  const window = [2, 3].map((axis) => {
    const map = maps.get(axis);
    return map ? (blockLength(map) ?? Number.POSITIVE_INFINITY) : 1;
  });
  if (!planar || sizeOf(window) > cpuThresholds.pooledWindow.value) return undefined;
  const means = build.op("AveragePool", [node.inputs[0]!], { kernel_shape: window, strides: window });
  return build.mul(means, sizeOf(window));
}

/** The adjoint of pooling over small tiles: every element repeated over its tile. */
function enlarged(node: Node, build: GraphBuilder): Value | undefined {
  const { shape, maps } = axisProductsOf(node);
  const repetitions = [...maps.values()].map(repetitionOf);
  if (!repetitions.every((one) => one !== undefined && one.times <= cpuThresholds.tileSide.value)) {
    return undefined;
  }
  const weight = repetitions.reduce((product, one) => product * one!.weight, 1);
  const scaled = weight === 1 ? node.inputs[0]! : build.mul(node.inputs[0]!, weight);
  const scales = shape.map((_, axis) => {
    const map = maps.get(axis);
    return map ? repetitionOf(map)!.times : 1;
  });
  return build.op("Resize", [scaled, "", build.constant(float32([scales.length], scales))], {
    mode: "nearest",
    nearest_mode: "floor",
    coordinate_transformation_mode: "asymmetric",
  });
}
