/** Convolution as a bilinear map (image, kernel) ↦ result, with its two adjoints, as nodes. */
import { sizeOf } from "../../base/index.js";
import type { GraphBuilder, Value } from "../../onnx/index.js";
import { applyAlongAxes, padZeros } from "./along.js";
import { convolveByRows, suitsRows } from "./rows.js";
import { picks } from "./taps.js";
import { type Convolution, edges, isDepthwise, isWhole, reversed, tapsOf, type Windows } from "./window.js";

/** The convolution itself. */
export function convolve(build: GraphBuilder, image: Value, kernel: Value, sizes: Convolution): Value {
  if (suitsRows(build, kernel, sizes)) return convolveByRows(build, image, kernel, sizes);
  return build.op("Conv", [image, kernel], {
    ...geometry(sizes),
    pads: edges(sizes.windows, (window) => [window.before, Math.max(0, window.after)]),
  });
}

/**
 * The adjoint in the image: gradient of the result ↦ gradient of the image.
 * The forms are those that took least time on ONNX Runtime's CPU. With stride 1 it is a convolution with the
 * rotated kernel: `Conv` is blocked by channels, `ConvTranspose` a matrix product whose columns are added up.
 * With a stride it is `ConvTranspose` all the same: a convolution per residue of the stride computes faster but
 * loses more when the residues are interleaved, and one over a gradient spread by zeros multiplies zeros.
 */
export function convolveAdjoint(
  build: GraphBuilder,
  gradient: Value,
  kernel: Value,
  sizes: Convolution,
): Value {
  if (isPointwise(sizes)) return pointwiseAdjoint(build, gradient, kernel, sizes);
  if (sizes.windows.every(({ stride }) => stride === 1)) {
    return rotatedConvolution(build, gradient, kernel, sizes);
  }
  if (isDepthwise(sizes) && tapsOf(sizes.windows) > mostTransposedTaps) {
    const { value, windows } = spread(build, gradient, sizes);
    return rotatedConvolution(build, value, kernel, { ...sizes, windows });
  }
  return build.op("ConvTranspose", [gradient, kernel], {
    ...geometry(sizes),
    pads: edges(sizes.windows, ({ before, after }) => [before, Math.max(0, after)]),
    output_padding: sizes.windows.map(({ after }) => Math.max(0, -after)),
  });
}

/** Depthwise, beyond 3×3, the columns outweigh the zeros: there a spread gradient is faster. */
const mostTransposedTaps = 9;

function geometry({ groups, windows }: Convolution) {
  return {
    kernel_shape: windows.map(({ kernel }) => kernel),
    strides: windows.map(({ stride }) => stride),
    dilations: windows.map(({ dilation }) => dilation),
    group: groups,
  };
}

function isPointwise({ groups, windows }: Convolution): boolean {
  return groups === 1 && windows.every(isWhole);
}

/** 1×1: a product with the transposed kernel, which spares changing into and out of the layout of `Conv`. */
function pointwiseAdjoint(build: GraphBuilder, gradient: Value, kernel: Value, sizes: Convolution): Value {
  const { batch, inner, outer, windows } = sizes;
  const lengths = windows.map(({ input }) => input);
  const matrix = build.transpose(build.reshape(kernel, [outer, inner]), [1, 0]);
  const pixels = build.reshape(gradient, [batch, outer, sizeOf(lengths)]);
  return build.reshape(build.matmul(matrix, pixels), [batch, inner, ...lengths]);
}

/** With stride 1: input i gets Σ_t gradient[i + before − t·dilation] · kernel[t]. */
function rotatedConvolution(build: GraphBuilder, gradient: Value, kernel: Value, sizes: Convolution): Value {
  const windows = sizes.windows.map(reversed);
  const image = cut(
    build,
    gradient,
    edges(windows, ({ before, after }) => [before, after]),
  );
  const mirror = { ...sizes, inner: sizes.outer, outer: sizes.inner, windows: windows.map(uncut) };
  const turned = rotated(build, kernel, sizes);
  if (suitsRows(build, kernel, mirror)) return convolveByRows(build, image, turned, mirror);
  return build.op("Conv", [image, turned], {
    ...geometry(mirror),
    pads: edges(mirror.windows, ({ before, after }) => [before, after]),
  });
}

/** The same over an input that is already cut where padding is negative. */
function uncut(window: Windows): Windows {
  const [before, after] = [Math.max(0, window.before), Math.max(0, window.after)];
  const gone = before - window.before + after - window.after;
  return { ...window, before, after, input: window.input - gone };
}

/** Cuts off spatial edges where `pads` is negative: there the forward windows saw padding alone. */
function cut(build: GraphBuilder, value: Value, pads: readonly number[]): Value {
  const rank = pads.length / 2;
  const edge = (from: number) => [0, 0, ...pads.slice(from, from + rank).map((pad) => Math.min(0, pad))];
  return padZeros(build, value, edge(0), edge(rank));
}

/**
 * The kernel with its channels swapped and its taps reversed, written as nodes: the engine computes them once,
 * on loading, where the kernel is a constant.
 */
function rotated(build: GraphBuilder, kernel: Value, sizes: Convolution): Value {
  const { groups, inner, outer, windows } = sizes;
  const lengths = windows.map(({ kernel: length }) => length);
  const spatial = lengths.map((_, axis) => axis);
  const split = () => build.reshape(kernel, [groups, outer, inner, ...lengths]);
  const swapped = isDepthwise(sizes)
    ? kernel
    : build.reshape(build.transpose(split(), [0, 2, 1, ...spatial.map((axis) => axis + 3)]), [
        groups * inner,
        outer,
        ...lengths,
      ]);
  const last = lengths.map(() => -1);
  const beyond = lengths.map((length) => -length - 1);
  return build.slice(
    swapped,
    spatial.map((axis) => axis + 2),
    last,
    beyond,
    last,
  );
}

/** Sets the gradient's elements `stride` apart, with zeros in between: what remains is a stride of 1. */
function spread(build: GraphBuilder, gradient: Value, { batch, groups, outer, windows }: Convolution) {
  const shape = [batch, groups * outer, ...windows.map(({ output }) => output)];
  const apart = windows.map(({ output, stride }) =>
    picks(
      Array.from({ length: output * stride }, (_, i) => (i % stride === 0 ? i / stride : -1)),
      output,
    ),
  );
  const value = applyAlongAxes(build, gradient, shape, new Map(apart.map((map, axis) => [axis + 2, map])));
  const dense = windows.map((window, axis): Windows => {
    const output = apart[axis]!.taps.length;
    const reach = output + (window.kernel - 1) * window.dilation;
    return { ...window, stride: 1, output, after: reach - window.before - window.input };
  });
  return { value, windows: dense };
}
