/** The vision transformer (Dosovitskiy et al. 2021) and its blocks, with timm's parameter names. */
import type { Net } from "../layers/modules.js";
import { normal, pytorchUniform } from "../layers/parameters.js";
import type { Activation } from "../layers/scope.js";
import type { ImageSize } from "../layers/shapes.js";

export interface VitConfig {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Side of a patch, in pixels. */
  readonly patch: number;
  /** Side of the grid of learned positions, in patches. For images of another size the grid is resized. */
  readonly grid: number;
  /** Probability that training leaves out a block's branch: 0 in the first block, growing linearly to this in the last. */
  readonly dropPath: number;
  /** Classes of the ImageNet classifier, which checkpoints contain and the network does not use. */
  readonly imagenetClasses: number;
}

/** The layer norms' epsilon in the PIR-AT paper's code. timm uses 1e-6. */
export const epsilon = 1e-5;

/** Tokens [1 + patches, width], the class token first. The image's sides must be multiples of the patch. */
export function vit(net: Net, image: Activation, config: VitConfig): Activation {
  const { width, depth, heads, patch } = config;
  const cut = net.within("patch_embed", () =>
    net.beginning({ weight: pytorchUniform, bias: pytorchUniform }, () =>
      net.conv("proj", image, { channels: width, kernel: patch, stride: patch }),
    ),
  );
  const [, rows, columns] = cut.dims as [number, number, number];
  const patches = net.reshape(net.channelsLast(cut), [rows * columns, width]);
  const token = net.perImage(net.embedding("cls_token", 1, width, normal(0.02)), patches);
  let x = net.add(net.concat([token, patches]), positions(net, config, [rows, columns]));
  for (let i = 0; i < depth; i++) {
    const rate = (config.dropPath * i) / Math.max(1, depth - 1);
    x = net.within(`blocks.${i}`, () => block(net, x, { heads, dropPath: rate, dropout: 0 }));
  }
  x = net.layerNorm("norm", x, epsilon);
  net.optional(false, () => net.linear("head", x, config.imagenetClasses));
  return x;
}

/** The learned positions. If the image has another grid they are resized bilinearly, except the class token's. */
function positions(net: Net, { width, grid }: VitConfig, size: ImageSize): Activation {
  const all = net.embedding("pos_embed", 1 + grid ** 2, width, normal(0.02), "position");
  if (size[0] === grid && size[1] === grid) return all;
  const plane = net.channelsFirst(net.reshape(net.rows(all, 1, 1 + grid ** 2), [grid, grid, width]));
  const resized = net.channelsLast(net.interpolate(plane, size));
  return net.concat([net.rows(all, 0, 1), net.reshape(resized, [size[0] * size[1], width])]);
}

export interface BlockOptions {
  readonly heads: number;
  readonly dropPath: number;
  /** Dropout probability of attention weights, projections and the inner layer. */
  readonly dropout: number;
}

/** A pre-norm transformer block: self-attention, then two linear layers. */
export function block(net: Net, x: Activation, { heads, dropPath, dropout }: BlockOptions): Activation {
  const first = net.layerNorm("norm1", x, epsilon);
  const attended = net.within("attn", () => selfAttention(net, first, heads, dropout));
  const y = net.add(x, net.dropPath(attended, dropPath, "drop_path1"));
  const second = net.layerNorm("norm2", y, epsilon);
  const mixed = net.within("mlp", () => perceptron(net, second, dropout));
  return net.add(y, net.dropPath(mixed, dropPath, "drop_path2"));
}

function selfAttention(net: Net, x: Activation, heads: number, dropout: number): Activation {
  const width = x.dims[1]!;
  const [q, k, v] = net.split(net.linear("qkv", x, 3 * width), 3) as [Activation, Activation, Activation];
  return net.dropout(net.linear("proj", net.attention(q, k, v, heads, { dropout }), width), dropout);
}

function perceptron(net: Net, x: Activation, dropout: number): Activation {
  const width = x.dims[1]!;
  const inner = net.dropout(net.gelu(net.linear("fc1", x, 4 * width)), dropout, "dropout1");
  return net.dropout(net.linear("fc2", inner, width), dropout, "dropout2");
}
