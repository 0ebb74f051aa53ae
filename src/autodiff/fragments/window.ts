/** Sliding windows: how the outputs of a convolution or a pool lie over its inputs, settled to numbers. */
import { SeawallError } from "../../base/index.js";
import { attribute, describeNode, type Node, type Value } from "../../onnx/index.js";

/**
 * Windows along one axis: output `o` reads the inputs `o·stride − before + t·dilation`, t < kernel;
 * outside of `0 … input − 1` lies padding.
 */
export interface Windows {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding in front of the input. */
  readonly before: number;
  /** How far the last window reaches beyond the input; negative where inputs at the end lie under no window. */
  readonly after: number;
  /** Padding behind the input as declared; in ceil mode the last window may reach further. */
  readonly declaredAfter: number;
}

/** Sizes of a convolution: image [batch, groups·inner, …], kernel [groups·outer, inner, …], result [batch, groups·outer, …]. */
export interface Convolution {
  readonly batch: number;
  readonly groups: number;
  /** Image channels of a group. */
  readonly inner: number;
  /** Result channels of a group. */
  readonly outer: number;
  readonly windows: readonly Windows[];
}

/** Lengths of the axes that windows slide along. */
export interface Extents {
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
}

/** The windows of a `Conv` or of a pooling node, axis by axis. */
export function windowsOf(node: Node, extents: Extents): Windows[] {
  const pads = declaredPads(node, extents);
  return settle(node, extents, (axis) => pads[axis]!);
}

/**
 * The windows of the convolution whose adjoint a `ConvTranspose` is: they slide over the node's *output*, and
 * each element of its input is what one window would give.
 */
export function transposedWindowsOf(node: Node, { input, output, kernel }: Extents): Windows[] {
  const rank = kernel.length;
  const mode = attribute.string(node, "auto_pad", "NOTSET");
  const computed = mode.startsWith("SAME") || attribute.optionalInts(node, "output_shape") !== undefined;
  const pads = attribute.ints(node, "pads", Array(2 * rank).fill(0));
  const extra = attribute.ints(node, "output_padding", Array(rank).fill(0));
  return settle(node, { input: output, output: input, kernel }, (axis, reach) => {
    if (mode === "VALID") return [0, 0];
    if (!computed) return [pads[axis]!, pads[rank + axis]!];
    // What the windows reach beyond the output is cut off: more of it in front, except in SAME_UPPER.
    return halves(Math.max(0, reach + extra[axis]! - output[axis]!), mode !== "SAME_UPPER");
  });
}

/** A node's sizes; `result` is the value that has the convolution's result channels: a kernel's first axis. */
export function convolutionOf(
  node: Node,
  shape: (value: Value) => readonly number[],
  result: Value,
  settle: typeof windowsOf,
): Convolution {
  const kernel = shape(node.inputs[1]!);
  const [batch, channels] = shape(result) as [number, number];
  const groups = attribute.int(node, "group", 1);
  const windows = settle(node, {
    input: shape(node.inputs[0]!).slice(2),
    output: shape(node.outputs[0]!).slice(2),
    kernel: kernel.slice(2),
  });
  return { batch, groups, inner: kernel[1]!, outer: channels / groups, windows };
}

type Pads = readonly [before: number, after: number];

/** @param pads padding of an axis, from its number and the length of input that its windows span */
function settle(node: Node, extents: Extents, pads: (axis: number, reach: number) => Pads): Windows[] {
  const ones = Array(extents.kernel.length).fill(1);
  const strides = attribute.ints(node, "strides", ones);
  const dilations = attribute.ints(node, "dilations", ones);
  return extents.kernel.map((kernel, axis) => {
    const [input, output] = [extents.input[axis]!, extents.output[axis]!];
    const [stride, dilation] = [strides[axis]!, dilations[axis]!];
    const reach = (output - 1) * stride + (kernel - 1) * dilation + 1;
    const [before, declaredAfter] = pads(axis, reach);
    return { input, output, kernel, stride, dilation, before, after: reach - before - input, declaredAfter };
  });
}

function declaredPads(node: Node, { input, kernel }: Extents): Pads[] {
  const rank = kernel.length;
  const mode = attribute.string(node, "auto_pad", "NOTSET");
  if (mode === "VALID") return kernel.map(() => [0, 0]);
  if (!mode.startsWith("SAME")) {
    const pads = attribute.ints(node, "pads", Array(2 * rank).fill(0));
    return kernel.map((_, axis) => [pads[axis]!, pads[rank + axis]!]);
  }
  refuseDilation(node, mode);
  const strides = attribute.ints(node, "strides", Array(rank).fill(1));
  return kernel.map((length, axis) => {
    const outputs = Math.ceil(input[axis]! / strides[axis]!);
    const missing = (outputs - 1) * strides[axis]! + length - input[axis]!;
    return halves(Math.max(0, missing), mode === "SAME_LOWER");
  });
}

/** ONNX Runtime and the standard differ on it: the engine refuses it in `Conv` and ignores it in pools. */
function refuseDilation(node: Node, mode: string): void {
  const dilations = attribute.ints(node, "dilations", []);
  if (dilations.every((dilation) => dilation === 1)) return;
  throw new SeawallError(
    "unsupported",
    `${describeNode(node)}: auto_pad ${mode} with dilations [${dilations}] has no gradient rule, since engines ` +
      "disagree on its padding; export the model with explicit pads",
  );
}

/** Splits padding in two; the odd one goes in front or behind. */
function halves(total: number, oddInFront: boolean): Pads {
  const [small, large] = [Math.floor(total / 2), Math.ceil(total / 2)];
  return oddInFront ? [large, small] : [small, large];
}
