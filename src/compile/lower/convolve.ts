/** Forms of a convolution and of its input gradient. */
import { type Convolution, padZeros, picks, type Windows } from "../../autodiff/index.js";
import { sizeOf } from "../../base/index.js";
import type { GraphBuilder, Value } from "../../onnx/index.js";
import { applyAlongAxes, cpuForms } from "./along.js";
import { edges, isDepthwise, isWhole, reversed } from "./facts/windows.js";
import { convolveByRows, suitsRows } from "./rows.js";
import { convolveByTiles, suitsTiles } from "./tiles.js";

/** `Conv`. */
export function convolve(build: GraphBuilder, image: Value, kernel: Value, sizes: Convolution): Value {
  return build.op("Conv", [image, kernel], {
    ...geometry(sizes),
    pads: edges(sizes.windows, (window) => [window.before, Math.max(0, window.after)]),
  });
}

/**
 * A convolution whose kernel is computed, in a form that beats `Conv`; undefined where none does.
 * @param bias one number per channel
 */
export function convolveComputed(
  build: GraphBuilder,
  image: Value,
  kernel: Value,
  sizes: Convolution,
  bias?: Value,
): Value | undefined {
  if (suitsRows(build, kernel, sizes)) return convolveByRows(build, image, kernel, sizes, bias);
  if (suitsTiles(build, kernel, sizes)) return convolveByTiles(build, image, kernel, sizes, bias);
  return undefined;
}

/** The input gradient as `ConvTranspose`. */
export function transposedConvolution(
  build: GraphBuilder,
  gradient: Value,
  kernel: Value,
  sizes: Convolution,
): Value {
  return build.op("ConvTranspose", [gradient, kernel], {
    ...geometry(sizes),
    pads: edges(sizes.windows, ({ before, after }) => [before, Math.max(0, after)]),
    output_padding: sizes.windows.map(({ after }) => Math.max(0, -after)),
  });
}

function geometry({ groups, windows }: Convolution) {
  return {
    kernel_shape: windows.map(({ kernel }) => kernel),
    strides: windows.map(({ stride }) => stride),
    dilations: windows.map(({ dilation }) => dilation),
    group: groups,
  };
}

/** A 1×1 kernel with stride 1, without padding and groups. */
export function isPointwise({ groups, windows }: Convolution): boolean {
  return groups === 1 && windows.every(isWhole);
}

/** The input gradient of a pointwise convolution: a product with the transposed kernel. */
export function pointwiseAdjoint(
  build: GraphBuilder,
  gradient: Value,
  kernel: Value,
  sizes: Convolution,
): Value {
  const { batch, inner, outer, windows } = sizes;
  const lengths = windows.map(({ input }) => input);
  const matrix = build.transpose(build.reshape(kernel, [outer, inner]), [1, 0]);
  const pixels = build.reshape(gradient, [batch, outer, sizeOf(lengths)]);
  return build.reshape(build.matmul(matrix, pixels), [batch, inner, ...lengths]);
}

/** The input gradient with stride 1: input i gets Σ_t gradient[i + before − t·dilation] · kernel[t]. */
export function rotatedConvolution(
  build: GraphBuilder,
  gradient: Value,
  kernel: Value,
  sizes: Convolution,
): Value {
  const windows = sizes.windows.map(reversed);
  const image = cut(
    build,
    gradient,
    edges(windows, ({ before, after }) => [before, after]),
  );
  const mirror = { ...sizes, inner: sizes.outer, outer: sizes.inner, windows: windows.map(uncut) };
  const turned = rotated(build, kernel, sizes);
  // The kernel decides, not the turned one: of a constant kernel the engine computes that on loading.
  if (suitsRows(build, kernel, mirror)) return convolveByRows(build, image, turned, mirror);
  if (suitsTiles(build, kernel, mirror)) return convolveByTiles(build, image, turned, mirror);
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
 * The kernel with its channels swapped and its taps reversed, written as nodes: of a constant kernel, the engine
 * computes them once, on loading.
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

/** Sets the gradient's elements `stride` apart, with zeros in between: a stride of 1 remains. */
export function spread(build: GraphBuilder, gradient: Value, { batch, groups, outer, windows }: Convolution) {
  const shape = [batch, groups * outer, ...windows.map(({ output }) => output)];
  const apart = windows.map(({ output, stride }) =>
    picks(
      Array.from({ length: output * stride }, (_, i) => (i % stride === 0 ? i / stride : -1)),
      output,
    ),
  );
  const value = applyAlongAxes(
    build,
    gradient,
    { shape, maps: new Map(apart.map((map, axis) => [axis + 2, map])) },
    cpuForms,
  );
  const dense = windows.map((window, axis): Windows => {
    const output = apart[axis]!.taps.length;
    const reach = output + (window.kernel - 1) * window.dilation;
    return { ...window, stride: 1, output, after: reach - window.before - window.input };
  });
  return { value, windows: dense };
}
