/** Layers without parameters: permuting, slicing, joining, resizing, pooling. */
import { float32, invariant, sizeOf } from "../../base/index.js";
import { type Activation, Scope } from "./scope.js";

/** Height and width of an image, in pixels. */
export type ImageSize = readonly [height: number, width: number];

/** Operations on shapes. Axis numbers do not count the batch. Images are [C, H, W]. */
export class Shapes extends Scope {
  /** Concatenates along the first axis: channels of images, or tokens. */
  concat(parts: readonly Activation[]): Activation {
    const length = parts.reduce((sum, { dims }) => sum + dims[0]!, 0);
    const values = parts.map(({ value }) => value);
    return { value: this.op("Concat", values, { axis: 1 }), dims: [length, ...parts[0]!.dims.slice(1)] };
  }

  /** Splits the last axis into equal parts. */
  split(x: Activation, parts: number): Activation[] {
    const dims = [...x.dims.slice(0, -1), x.dims.at(-1)! / parts];
    const values = this.ops("Split", [x.value], parts, { axis: -1, num_outputs: parts });
    return values.map((value) => ({ value, dims }));
  }

  /** Rows `start` to `end` (exclusive) of the first axis. */
  rows(x: Activation, start: number, end: number): Activation {
    const [from, to, axis] = [[start], [end], [1]].map((list) => this.build.ints(list));
    return { value: this.op("Slice", [x.value, from!, to!, axis!]), dims: [end - start, ...x.dims.slice(1)] };
  }

  /** [C, H, W] → [H, W, C]. */
  channelsLast = (x: Activation): Activation => this.permute(x, [1, 2, 0]);

  /** [H, W, C] → [C, H, W]. */
  channelsFirst = (x: Activation): Activation => this.permute(x, [2, 0, 1]);

  /** Reorders axes: axis i of the result is axis `axes[i]` of `x`. */
  permute(x: Activation, axes: readonly number[]): Activation {
    const perm = [0, ...axes.map((axis) => axis + 1)];
    return { value: this.op("Transpose", [x.value], { perm }), dims: axes.map((axis) => x.dims[axis]!) };
  }

  /** The same elements in another shape. */
  reshape(x: Activation, dims: readonly number[]): Activation {
    invariant(sizeOf(dims) === sizeOf(x.dims), `[${x.dims}] has not the elements of [${dims}]`);
    return { value: this.op("Reshape", [x.value, this.build.ints([-1, ...dims])], { allowzero: 1 }), dims };
  }

  /** Repeats a value that is the same for all images, once for each image in the batch of `like`. */
  perImage(x: Activation, like: Activation): Activation {
    const batch =
      typeof this.batch === "number"
        ? this.build.ints([this.batch])
        : this.op("Shape", [like.value], { start: 0, end: 1 });
    const shape = this.op("Concat", [batch, this.build.ints(x.dims)], { axis: 0 });
    return { ...x, value: this.op("Expand", [x.value, shape]) };
  }

  /**
   * Bilinear resizing of an image, as PyTorch's `interpolate`. Default: pixel centres at ½ (`half_pixel`).
   * `alignCorners`: corner pixels of source and result coincide.
   */
  interpolate(x: Activation, size: ImageSize, alignCorners = false): Activation {
    const [channels, height, width] = imageDims(x);
    if (height === size[0] && width === size[1]) return x;
    const value = this.op("Resize", [x.value, "", "", this.build.ints(size)], {
      mode: "linear",
      coordinate_transformation_mode: alignCorners ? "align_corners" : "half_pixel",
      axes: [2, 3],
    });
    return { value, dims: [channels, ...size] };
  }

  /**
   * Averages over size × size windows that cover the image, as PyTorch's AdaptiveAvgPool2d: on a side of n pixels,
   * window i is [⌊i·n/size⌋, ⌈(i+1)·n/size⌉). Written as two matrix products, one for rows and one for columns.
   */
  adaptiveAveragePool(x: Activation, size: number): Activation {
    const [channels, height, width] = imageDims(x);
    const rows = this.build.constant(float32([size, height], averaging(height, size).flat()), "rows");
    const columns = this.build.constant(float32([size, width], averaging(width, size).flat()), "columns");
    const across = this.op("MatMul", [x.value, this.op("Transpose", [columns], { perm: [1, 0] })]);
    return { value: this.op("MatMul", [rows, across]), dims: [channels, size, size] };
  }

  /** Maximum over windows. Padding does not count. */
  maxPool(x: Activation, kernel: number, stride: number, padding: number): Activation {
    const [channels, ...size] = imageDims(x);
    const value = this.op("MaxPool", [x.value], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
    });
    return { value, dims: [channels, ...size.map((n) => windows(n + 2 * padding, kernel, stride))] };
  }

  /** Subtracts each channel's mean and divides by its deviation. */
  standardize(x: Activation, means: readonly number[], deviations: readonly number[]): Activation {
    const perChannel = (values: readonly number[]) =>
      this.build.constant(float32([1, values.length, 1, 1], values));
    const centred = this.op("Sub", [x.value, perChannel(means)]);
    return { ...x, value: this.op("Div", [centred, perChannel(deviations)]) };
  }

  /** Pads with zeros at the end of each axis, to `dims`. */
  pad(x: Activation, dims: readonly number[]): Activation {
    if (x.dims.every((length, axis) => length === dims[axis])) return x;
    const before = [0, ...x.dims.map(() => 0)];
    const after = [0, ...x.dims.map((length, axis) => dims[axis]! - length)];
    return { value: this.op("Pad", [x.value, this.build.ints([...before, ...after])]), dims };
  }

  /** The first elements of each axis: `dims` of them. */
  crop(x: Activation, dims: readonly number[]): Activation {
    const axes = [...dims.keys()].filter((axis) => dims[axis] !== x.dims[axis]);
    if (axes.length === 0) return x;
    const lists = [axes.map(() => 0), axes.map((axis) => dims[axis]!), axes.map((axis) => axis + 1)];
    const [starts, ends, along] = lists.map((list) => this.build.ints(list));
    return { value: this.op("Slice", [x.value, starts!, ends!, along!]), dims };
  }

  /** Moves all elements `steps` places along an axis; those that leave at one end enter at the other. */
  roll(x: Activation, axis: number, steps: number): Activation {
    const length = x.dims[axis]!;
    const start = ((-steps % length) + length) % length;
    if (start === 0) return x;
    const lengths = this.build.ints([start, length - start]);
    const [first, second] = this.ops("Split", [x.value, lengths], 2, { axis: axis + 1 });
    return { ...x, value: this.op("Concat", [second!, first!], { axis: axis + 1 }) };
  }

  /**
   * An attention mask [groups, 1, L, L] that keeps tokens of different kinds apart: 0 between two of one kind, else −100,
   * of which a softmax leaves nothing.
   * @param kinds the kind of each of a group's L tokens
   */
  separating(kinds: readonly (readonly number[])[]): Activation {
    const [groups, tokens] = [kinds.length, kinds[0]!.length];
    const along = (...dims: number[]) => this.build.constant(float32([groups, 1, ...dims], kinds.flat()));
    const equal = this.op("Equal", [along(tokens, 1), along(1, tokens)]);
    return { value: this.op("Where", [equal, 0, -100]), dims: [groups, 1, tokens, tokens] };
  }
}

/** The dims of an operation on two values, as ONNX repeats axes of length 1. */
export function broadcast(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length < b.length) return broadcast(b, a);
  const missing = a.length - b.length;
  return a.map((length, axis) => (length === 1 ? (b[axis - missing] ?? 1) : length));
}

/** Channels, height and width of an image. */
export function imageDims({ dims }: Activation): [channels: number, height: number, width: number] {
  invariant(dims.length === 3, `[${dims}] is no image`);
  return dims as [number, number, number];
}

/** The number of windows of a length that fit into n positions at a stride. */
export function windows(n: number, length: number, stride: number): number {
  return Math.floor((n - length) / stride) + 1;
}

/** The matrix [size, n] that averages n values over `size` windows. */
function averaging(n: number, size: number): number[][] {
  return Array.from({ length: size }, (_, i) => {
    const start = Math.floor((i * n) / size);
    const end = Math.ceil(((i + 1) * n) / size);
    return Array.from({ length: n }, (_, j) => (j >= start && j < end ? 1 / (end - start) : 0));
  });
}
