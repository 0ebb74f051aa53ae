/**
 * Thresholds of the target `cpu`: where one form becomes faster than another on ONNX Runtime's CPU kernels. Every number
 * that was found by timing stands here. The bench line prints the time of both forms below, at and above the threshold.
 */

export interface Threshold {
  readonly value: number;
  /** The form that is faster on one side of the value, and the reason. */
  readonly meaning: string;
  /** The command that defends the value. */
  readonly bench: string;
}

const lowering = (name: string) => `npm run bench -- lowering ${name}`;

export const cpuThresholds = {
  rowTaps: {
    value: 25,
    meaning:
      "From this many taps, a depthwise convolution with a computed kernel is faster as products over rows: Conv " +
      "copies every element once for each tap. A constant kernel is packed once, on loading.",
    bench: lowering("rowTaps"),
  },
  rowHeight: {
    value: 40,
    meaning:
      "Up to this many image rows, a depthwise convolution is faster as products over rows; beyond, most of each " +
      "product is zero.",
    bench: lowering("rowHeight"),
  },
  rowHeightOfKernel: {
    value: 80,
    meaning:
      "Up to this many image rows, the kernel gradient of a depthwise convolution is faster as products over rows: " +
      "per tap it costs about ten times as much as the convolution.",
    bench: lowering("rowHeightOfKernel"),
  },
  tiledChannels: {
    value: 200,
    meaning:
      "From this many channels, a dense 3×3 convolution with a computed kernel is faster in tiles of 2×2 results: half " +
      "the harmonic mean of the channels of image and result. With fewer, the sums before and after cost more than products save.",
    bench: lowering("tiledChannels"),
  },
  tiledPixels: {
    value: 4096,
    meaning:
      "From this many results of each channel, tiles are faster; with fewer, the sums over the kernel weigh too much.",
    bench: lowering("tiledPixels"),
  },
  transposedTaps: {
    value: 9,
    meaning:
      "Up to this many taps, the input gradient of a strided depthwise convolution is faster as ConvTranspose; beyond, " +
      "as a convolution over a gradient that is spread with zeros.",
    bench: lowering("transposedTaps"),
  },
  kernelProducts: {
    value: 9,
    meaning:
      "Up to this many taps, a kernel gradient is faster as one matrix product for each tap than as a convolution.",
    bench: lowering("kernelProducts"),
  },
  kernelChannels: {
    value: 4,
    meaning:
      "Up to this many image channels per group, a strided or large kernel's gradient is faster as a convolution: the " +
      "products of single taps are thin, and strided slices are slow.",
    bench: lowering("kernelChannels"),
  },
  slices: {
    value: 16,
    meaning:
      "Up to this many slices, a map along an axis is faster as slices and sums than as a matrix product.",
    bench: lowering("slices"),
  },
  blockSize: {
    value: 64,
    meaning:
      "Inputs of one block when a large banded matrix is cut: fewer make thin products, more multiply zeros.",
    bench: lowering("blockSize"),
  },
  wholeProduct: {
    value: 5e7,
    meaning:
      "Up to this many multiplications, one product with a banded matrix is faster than its blocks with slices and a " +
      "concatenation.",
    bench: lowering("wholeProduct"),
  },
  oneHotLength: {
    value: 512,
    meaning:
      "Up to this axis length, adding rows at constant indices is faster as a product with a matrix of zeros and ones " +
      "than as ScatterElements, which is single-threaded.",
    bench: lowering("oneHotLength"),
  },
  pooledWindow: {
    value: 16,
    meaning:
      "Up to this many elements per window, sums over tiles of an image are faster as AveragePool than as ReduceSum.",
    bench: lowering("pooledWindow"),
  },
  tileSide: {
    value: 3,
    meaning:
      "Up to this side length, repeating elements over tiles is faster as Resize than as matrix products.",
    bench: lowering("tileSide"),
  },
  labelClasses: {
    value: 20,
    meaning:
      "Up to this many classes, comparing with every class is faster than ScatterElements, which is single-threaded. " +
      "Results are bit-identical.",
    bench: lowering("labelClasses"),
  },
  keptMemory: {
    value: 1e7,
    meaning:
      "Up to this many parameters, the sessions of a training keep the memory that a run took: fresh memory costs a tenth of " +
      "a pass. Beyond, three sessions that keep it would take more than twice as much.",
    bench: "npm run bench -- --against CHECKOUT training",
  },
  dividedParameters: {
    value: 1e7,
    meaning:
      "Up to this many parameters, the batch of a training is divided among workers. Beyond, single operators already " +
      "use all threads, and every worker would hold a copy of the parameters.",
    bench: "npm run bench -- upernet-convnext-micro-cvst:8x3x128x160 upernet-convnext-tiny-cvst:8x3x128x160",
  },
  trainingWorkers: {
    value: 4,
    meaning:
      "Up to this many workers, dividing a batch is faster than more threads within operators; every worker holds a " +
      "copy of the parameters.",
    bench: "npm run bench -- --threads 8 training",
  },
} as const satisfies Record<string, Threshold>;

export type ThresholdName = keyof typeof cpuThresholds;
