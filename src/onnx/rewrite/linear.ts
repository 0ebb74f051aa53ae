/** Convolutions and matrix products with constant weights, in one form: output channels with a bias each. */
import { float32, numbersOf, sizeOf, type Tensor } from "../../base/index.js";
import { attribute, attributesOf, float } from "../graph/attributes.js";
import type { GraphBuilder } from "../graph/builder.js";
import type { Facts } from "../graph/facts.js";
import type { Node } from "../graph/graph.js";

/** The map y ↦ scale · y + shift, with one scale and shift per channel. */
export interface Affine {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** A node whose output is linear in its first input, with a bias per output channel. */
export interface Linear {
  readonly channels: number;
  /** Rank of the output. Axis 1 is the channels. */
  readonly rank: number;
  /** The node with the affine map folded in. Its new weights are added by `build`. */
  followedBy(affine: Affine, build: GraphBuilder): Node;
}

interface Layout {
  readonly channels: number;
  readonly rank: number;
  /** The output channel that element `i` of the weight belongs to. */
  channelOf(i: number): number;
}

/** The node as a `Linear`; undefined if it is not linear, or its weights are not constant float32. */
export function linearOf(
  node: Node,
  constant: (value: string) => Tensor | undefined,
  facts: Facts,
): Linear | undefined {
  const weight = constant(node.inputs[1] ?? "");
  const layout = weight && node.domain === "" ? layouts.get(node.op)?.(node, weight.dims, facts) : undefined;
  if (!layout || weight?.type !== "float32") return undefined;
  const bias = biasOf(node, constant, layout.channels);
  if (!bias) return undefined;
  return {
    ...layout,
    followedBy: ({ scale, shift }, build) => {
      const weights = (weight.data as Float32Array).map((w, i) => w * scale[layout.channelOf(i)]!);
      const biases = bias.map((b, channel) => b * scale[channel]! + shift[channel]!);
      const inputs = [
        node.inputs[0]!,
        build.constant(float32(weight.dims, weights), "weight"),
        build.constant(float32([layout.channels], biases), "bias"),
      ];
      if (node.op === "MatMul") return { ...node, op: "Gemm", inputs };
      if (node.op !== "Gemm") return { ...node, inputs };
      return { ...node, inputs, attributes: { ...node.attributes, ...attributesOf({ beta: float(1) }) } };
    },
  };
}

type LayoutOf = (node: Node, dims: readonly number[], facts: Facts) => Layout | undefined;

const layouts: ReadonlyMap<string, LayoutOf> = new Map(
  Object.entries<LayoutOf>({
    Conv: (_, dims) => {
      const perChannel = sizeOf(dims.slice(1));
      return { channels: dims[0]!, rank: dims.length, channelOf: (i) => Math.floor(i / perChannel) };
    },
    ConvTranspose: (node, [inputs, perGroup, ...kernel]) => {
      const groups = attribute.int(node, "group", 1);
      const perInput = perGroup! * sizeOf(kernel);
      const group = (i: number) => Math.floor(i / perInput / (inputs! / groups));
      return {
        channels: perGroup! * groups,
        rank: kernel.length + 2,
        channelOf: (i) => group(i) * perGroup! + (Math.floor(i / sizeOf(kernel)) % perGroup!),
      };
    },
    Gemm: (node, [rows, columns]) =>
      attribute.int(node, "transB", 0) === 1
        ? { channels: rows!, rank: 2, channelOf: (i) => Math.floor(i / columns!) }
        : { channels: columns!, rank: 2, channelOf: (i) => i % columns! },
    MatMul: (node, dims, facts) =>
      dims.length === 2 && facts.of(node.outputs[0]!).rank === 2
        ? { channels: dims[1]!, rank: 2, channelOf: (i) => i % dims[1]! }
        : undefined,
  }),
);

/** The bias of each channel, 0 if there is none; undefined if it is not constant, or not one number per channel. */
function biasOf(node: Node, constant: (value: string) => Tensor | undefined, channels: number) {
  if (!node.inputs[2]) return new Array<number>(channels).fill(0);
  const tensor = constant(node.inputs[2]);
  if (tensor?.type !== "float32" || tensor.dims.slice(0, -1).some((dim) => dim !== 1)) return undefined;
  const beta = node.op === "Gemm" ? attribute.float(node, "beta", 1) : 1;
  return perChannel(numbersOf(tensor), channels)?.map((b) => beta * b);
}

/** One number per channel. A single number is repeated; any other count gives undefined. */
export function perChannel(numbers: readonly number[], channels: number): readonly number[] | undefined {
  if (numbers.length === channels) return numbers;
  return numbers.length === 1 ? new Array<number>(channels).fill(numbers[0]!) : undefined;
}
