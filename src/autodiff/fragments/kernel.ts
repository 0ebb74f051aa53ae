/** The gradient of a convolution in its kernel. */
import type { GraphBuilder, Value } from "../../onnx/index.js";
import { padZeros } from "./along.js";
import { kernelByRows, suitsRowsOfKernel } from "./rows.js";
import { type Convolution, edges, isWhole, reversed, tapsOf, type Windows } from "./window.js";

/**
 * The adjoint in the kernel: kernel[·, ·, t] is the product of the result's gradient with the image's rows that
 * tap t reads, summed over places and images.
 */
export function kernelGradient(
  build: GraphBuilder,
  image: Value,
  gradient: Value,
  sizes: Convolution,
): Value {
  if (suitsRowsOfKernel(sizes)) return kernelByRows(build, image, gradient, sizes);
  if (sizes.outer < sizes.inner && sizes.windows.every(({ stride, kernel }) => stride === 1 && kernel > 1)) {
    return kernelByMirror(build, image, gradient, sizes);
  }
  const strided = sizes.windows.some(({ stride }) => stride > 1);
  const crowded = tapsOf(sizes.windows) > mostProducts;
  return sizes.inner <= fewChannels && (strided || crowded)
    ? kernelByConvolution(build, image, gradient, sizes)
    : kernelByProducts(build, image, gradient, sizes);
}

/** With so few image channels the products are thin: a convolution is faster, above all where slices are strided. */
const fewChannels = 4;
const mostProducts = 9;

/** One product per tap: the gradient's places, and what the tap sees there of the image. */
function kernelByProducts(build: GraphBuilder, image: Value, gradient: Value, sizes: Convolution): Value {
  const rows = planes(build, gradient, sizes, sizes.outer);
  const seen = slicesOf(build, image, sizes.windows).map((slice) => planes(build, slice, sizes, sizes.inner));
  return gathered(
    build,
    seen.map((slice) => build.matmul(rows, build.transpose(slice, [0, 1, 3, 2]))),
    sizes,
  );
}

/**
 * The same products over the image's places: the gradient is what is sliced, by the windows that go back from the
 * image to it, in which taps lie in reverse.
 */
function kernelByMirror(build: GraphBuilder, image: Value, gradient: Value, sizes: Convolution): Value {
  const columns = build.transpose(planes(build, image, sizes, sizes.inner), [0, 1, 3, 2]);
  const slices = slicesOf(build, gradient, sizes.windows.map(reversed)).reverse();
  const seeing = slices.map((slice) => planes(build, slice, sizes, sizes.outer));
  return gathered(
    build,
    seeing.map((slice) => build.matmul(slice, columns)),
    sizes,
  );
}

/** [batch, groups, channels of a group, places]. */
function planes(build: GraphBuilder, value: Value, { batch, groups }: Convolution, channels: number): Value {
  return build.reshape(value, [batch, groups, channels, -1]);
}

/** From a product [batch, groups, outer, inner] for each tap to the kernel, summed over the batch. */
function gathered(
  build: GraphBuilder,
  products: readonly Value[],
  { batch, groups, inner, outer, windows }: Convolution,
): Value {
  const stacked = products.length === 1 ? products[0]! : build.concat(products, 1);
  const summed = batch === 1 ? stacked : build.reduce("ReduceSum", stacked, [0], false);
  const byTap = build.reshape(summed, [products.length, groups * outer * inner]);
  const kernel = products.length === 1 ? byTap : build.transpose(byTap, [1, 0]);
  return build.reshape(kernel, [groups * outer, inner, ...windows.map(({ kernel: length }) => length)]);
}

/** What each tap reads of the padded image. */
function slicesOf(build: GraphBuilder, image: Value, windows: readonly Windows[]): Value[] {
  const padded = padZeros(
    build,
    image,
    [0, 0, ...windows.map(({ before }) => before)],
    [0, 0, ...windows.map(({ after }) => Math.max(0, after))],
  );
  return tapIndices(windows).map((tap) => seenBy(build, padded, windows, tap));
}

/** Every position of a kernel, in row-major order. */
function tapIndices(windows: readonly Windows[]): number[][] {
  return windows.reduce<number[][]>(
    (taps, { kernel }) => taps.flatMap((tap) => Array.from({ length: kernel }, (_, t) => [...tap, t])),
    [[]],
  );
}

/** The part of the padded image that one tap reads, window by window. */
function seenBy(
  build: GraphBuilder,
  padded: Value,
  windows: readonly Windows[],
  tap: readonly number[],
): Value {
  if (windows.every(isWhole)) return padded;
  const starts = windows.map(({ dilation }, axis) => tap[axis]! * dilation);
  const ends = windows.map(({ output, stride }, axis) => starts[axis]! + (output - 1) * stride + 1);
  const steps = windows.map(({ stride }) => stride);
  const axes = windows.map((_, axis) => axis + 2);
  return build.slice(padded, axes, starts, ends, steps.some((step) => step > 1) ? steps : undefined);
}

/**
 * The image's channels become the batch and the batch becomes channels: a convolution whose kernel is the
 * gradient and in which stride and dilation have changed places.
 */
function kernelByConvolution(build: GraphBuilder, image: Value, gradient: Value, sizes: Convolution): Value {
  const { batch, groups, inner, outer, windows } = sizes;
  const inputs = windows.map(({ input }) => input);
  const outputs = windows.map(({ output }) => output);
  const spatial = windows.map((_, axis) => axis + 3);
  const swap = (value: Value, channels: number, lengths: readonly number[], perm: readonly number[]) =>
    build.transpose(build.reshape(value, [batch, groups, channels, ...lengths]), [...perm, ...spatial]);
  const images = build.reshape(swap(image, inner, inputs, [2, 1, 0]), [inner, groups * batch, ...inputs]);
  const kernels = build.reshape(swap(gradient, outer, outputs, [1, 2, 0]), [
    groups * outer,
    batch,
    ...outputs,
  ]);
  const result = build.op("Conv", [images, kernels], {
    kernel_shape: outputs,
    strides: windows.map(({ dilation }) => dilation),
    dilations: windows.map(({ stride }) => stride),
    pads: edges(windows, ({ before, after }) => [before, Math.max(0, after)]),
    group: groups,
  });
  const taps = windows.map(({ kernel }) => kernel);
  // Inputs at the end that no window reads let the convolution take steps beyond the last tap.
  const exact = windows.every(({ after, dilation }) => -after < dilation);
  const axes = windows.map((_, axis) => axis + 2);
  const cropped = exact
    ? result
    : build.slice(
        result,
        axes,
        axes.map(() => 0),
        taps,
      );
  return build.transpose(cropped, [1, 0, ...axes]);
}
