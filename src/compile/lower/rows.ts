/**
 * Depthwise convolution with the rows of an image as channels: a few matrix products per image and channel. The engine's
 * Conv, given a computed kernel, copies every element once for each tap and multiplies the copy by one number.
 */
import { type Convolution, padZeros, type Windows } from "../../autodiff/index.js";
import { float32 } from "../../base/index.js";
import type { GraphBuilder, Value } from "../../onnx/index.js";
import { cpuThresholds } from "./facts/thresholds.js";
import { isDepthwise } from "./facts/windows.js";

/** True if rows beat the engine's Conv. Only for computed kernels: the engine packs constant ones on loading. */
export function suitsRows(build: GraphBuilder, kernel: Value, sizes: Convolution): boolean {
  const computed = !build.graph.initializers.has(kernel);
  return (
    computed &&
    isPlanar(sizes) &&
    tapsIn(sizes) >= cpuThresholds.rowTaps.value &&
    heightOf(sizes) <= cpuThresholds.rowHeight.value
  );
}

/** True if rows beat one product for each tap in the kernel's gradient. */
export function suitsRowsOfKernel(sizes: Convolution): boolean {
  return isPlanar(sizes) && tapsIn(sizes) > 1 && heightOf(sizes) <= cpuThresholds.rowHeightOfKernel.value;
}

function isPlanar(sizes: Convolution): boolean {
  return (
    isDepthwise(sizes) && sizes.windows.length === 2 && sizes.windows.every(({ stride }) => stride === 1)
  );
}

const tapsIn = ({ windows }: Convolution) => windows[0]!.kernel * windows[1]!.kernel;
const heightOf = ({ windows }: Convolution) => windows[0]!.input;

/**
 * The convolution: every channel's rows are mixed by a banded matrix per column of the kernel.
 * @param bias one number per channel
 */
export function convolveByRows(
  build: GraphBuilder,
  image: Value,
  kernel: Value,
  { batch, groups, windows }: Convolution,
  bias?: Value,
): Value {
  const [rows, columns] = windows as [Windows, Windows];
  const taps = build.reshape(kernel, [groups, rows.kernel, columns.kernel]);
  const mixing = build.reshape(build.matmul(bandOf(build, rows), taps), [
    groups * rows.output,
    rows.input,
    columns.kernel,
  ]);
  const lines = build.reshape(image, [batch, groups * rows.input, columns.input]);
  const inputs = bias ? [lines, mixing, repeated(build, bias, groups, rows.output)] : [lines, mixing];
  const result = build.op("Conv", inputs, {
    kernel_shape: [columns.kernel],
    dilations: [columns.dilation],
    pads: [columns.before, Math.max(0, columns.after)],
    group: groups,
  });
  return build.reshape(result, [batch, groups, rows.output, columns.output]);
}

function repeated(build: GraphBuilder, bias: Value, channels: number, rows: number): Value {
  return build.reshape(build.expand(build.reshape(bias, [channels, 1]), [channels, rows]), [channels * rows]);
}

/**
 * The gradient of the kernel: all rows of the gradient times all rows of the image, for every column of the kernel,
 * over places and images at once; those that lie as far apart as a tap reaches are summed.
 */
export function kernelByRows(
  build: GraphBuilder,
  image: Value,
  gradient: Value,
  { batch, groups, windows }: Convolution,
): Value {
  const [rows, columns] = windows as [Windows, Windows];
  const lines = (value: Value, count: number) =>
    build.reshape(value, [groups, count, batch * columns.output]);
  const byChannel = (value: Value) => build.transpose(value, [1, 2, 0, 3]);
  const ends = [columns.before, Math.max(0, columns.after)] as const;
  const padded = padZeros(build, byChannel(image), [0, 0, 0, ends[0]], [0, 0, 0, ends[1]]);
  const seen = Array.from({ length: columns.kernel }, (_, t) => {
    const start = t * columns.dilation;
    return build.slice(padded, [3], [start], [start + columns.output]);
  });
  const product = build.matmul(
    lines(byChannel(gradient), rows.output),
    build.transpose(lines(build.concat(seen, 1), columns.kernel * rows.input), [0, 2, 1]),
  );
  const pairs = build.transpose(
    build.reshape(product, [groups, rows.output, columns.kernel, rows.input]),
    [0, 2, 1, 3],
  );
  const flat = build.reshape(pairs, [groups, columns.kernel, rows.output * rows.input]);
  const taps = build.reshape(build.matmul(flat, bandOf(build, rows)), [
    groups,
    1,
    columns.kernel,
    rows.kernel,
  ]);
  // Last, as in `tapsLast`.
  return build.transpose(taps, [0, 1, 3, 2]);
}

/** [output · input, kernel]: 1 where an output row reads an input row by a tap. */
function bandOf(build: GraphBuilder, { input, output, kernel, dilation, before }: Windows): Value {
  const band = new Float32Array(output * input * kernel);
  for (let o = 0; o < output; o++) {
    for (let t = 0; t < kernel; t++) {
      const i = o - before + t * dilation;
      if (i >= 0 && i < input) band[(o * input + i) * kernel + t] = 1;
    }
  }
  return build.constant(float32([output * input, kernel], band), "band");
}
