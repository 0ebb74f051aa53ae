/** The gradient of a convolution in its kernel. */
import { type Convolution, padZeros, type Windows } from "../../autodiff/index.js";
import type { GraphBuilder, Value } from "../../onnx/index.js";
import { edges, isWhole, reversed } from "./facts/windows.js";

/**
 * One matrix product for each tap: kernel[·, ·, t] is the product of the result's gradient with the part of the image
 * that tap t reads, summed over pixels and images.
 */
export function kernelByProducts(
  build: GraphBuilder,
  image: Value,
  gradient: Value,
  sizes: Convolution,
): Value {
  const rows = planes(build, gradient, sizes, sizes.outer);
  const seen = slicesOf(build, image, sizes.windows).map((slice) => planes(build, slice, sizes, sizes.inner));
  return gathered(
    build,
    seen.map((slice) => build.matmul(rows, build.transpose(slice, [0, 1, 3, 2]))),
    sizes,
  );
}

/**
 * As `kernelByProducts`, but slices the output gradient (which has fewer channels) instead of the image. Taps come out
 * in reverse order. Needs a stride of 1.
 */
export function kernelByMirror(
  build: GraphBuilder,
  image: Value,
  gradient: Value,
  sizes: Convolution,
): Value {
  const columns = build.transpose(planes(build, image, sizes, sizes.inner), [0, 1, 3, 2]);
  const slices = slicesOf(build, gradient, sizes.windows.map(reversed)).reverse();
  const seeing = slices.map((slice) => planes(build, slice, sizes, sizes.outer));
  return gathered(
    build,
    seeing.map((slice) => build.matmul(slice, columns)),
    sizes,
  );
}

/** Reshapes to [batch, groups, channels of a group, pixels]. */
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
  const lengths = windows.map(({ kernel }) => kernel);
  if (products.length === 1) return build.reshape(summed, [groups * outer, inner, ...lengths]);
  return tapsLast(build, summed, [groups * outer, inner], lengths);
}

/**
 * From taps × channels to a kernel. The transposition stands last: the engine would turn a reshaping behind it into nodes of
 * its own, which it runs before all others.
 */
export function tapsLast(
  build: GraphBuilder,
  value: Value,
  channels: readonly number[],
  lengths: readonly number[],
): Value {
  const axes = [...channels, ...lengths].map((_, axis) => (axis + lengths.length) % (2 + lengths.length));
  return build.transpose(build.reshape(value, [...lengths, ...channels]), axes);
}

/** The part of the padded image that each tap reads. */
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
 * One convolution: image channels become the batch, the batch becomes channels, the gradient is the kernel, and stride
 * and dilation change places.
 */
export function kernelByConvolution(
  build: GraphBuilder,
  image: Value,
  gradient: Value,
  sizes: Convolution,
): Value {
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
