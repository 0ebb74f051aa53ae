/** SegFormer (Xie et al. 2021): a hierarchical transformer with an MLP head. Parameter names of the Hugging Face hub. */

import type { Net } from "../layers/modules.js";
import type { Activation } from "../layers/scope.js";
import { type Architecture, type Flavour, requireSides, sizeOfImage, type Variant } from "./architecture.js";

export interface SegFormerConfig {
  /** Channels, blocks and attention heads of each stage. */
  readonly dims: readonly number[];
  readonly depths: readonly number[];
  readonly heads: readonly number[];
  /** For each stage, the factor by which height and width of keys and values are reduced. */
  readonly reductions: readonly number[];
  /** Channels of the head. */
  readonly channels: number;
  /** Probability that training leaves out a block's branch: 0 in the first block, growing linearly to this in the last. */
  readonly dropPath: number;
}

/** Differences between implementations: the epsilons of layer norms, and the head. */
interface Details {
  /** Epsilon in patch embeddings and key reductions. */
  readonly inner: number;
  /** Epsilon in blocks and after stages. */
  readonly outer: number;
  /**
   * How the head projects each stage. True: convolution with batch normalization, stages joined finest first.
   * False: linear layer, stages joined coarsest first.
   */
  readonly convolutions: boolean;
}

const details = {
  transformers: { inner: 1e-5, outer: 1e-5, convolutions: false },
  nvidia: { inner: 1e-5, outer: 1e-6, convolutions: false },
  mmsegmentation: { inner: 1e-6, outer: 1e-6, convolutions: true },
} satisfies Record<Flavour, Details>;

const dropout = 0.1;

export function segFormer(summary: string, config: SegFormerConfig): Architecture {
  return {
    summary,
    family: "segformer",
    size: [512, 512],
    classes: 150,
    normalization: "imagenet",
    classifier: "decode_head.classifier.weight",
    write: (net, image, variant) => ({ logits: write(net, image, config, variant) }),
  };
}

function write(
  net: Net,
  image: Activation,
  config: SegFormerConfig,
  { classes, flavour }: Variant,
): Activation {
  requireSides(image, 32);
  const how = details[flavour ?? "transformers"];
  const features = net.within("segformer.encoder", () => encoder(net, image, config, how));
  const logits = net.within("decode_head", () => head(net, features, config.channels, classes, how));
  return net.interpolate(logits, sizeOfImage(image));
}

/** Feature maps [channels, height, width] at strides 4, 8, 16, 32. */
function encoder(net: Net, image: Activation, config: SegFormerConfig, how: Details): Activation[] {
  const blocks = config.depths.reduce((sum, depth) => sum + depth, 0);
  let done = 0;
  let map = image;
  return config.dims.map((channels, stage) => {
    const patches = stage === 0 ? { kernel: 7, stride: 4, padding: 3 } : { kernel: 3, stride: 2, padding: 1 };
    let x = net.within(`patch_embeddings.${stage}`, () =>
      net.layerNorm(
        "layer_norm",
        net.channelsLast(net.conv("proj", map, { channels, ...patches })),
        how.inner,
      ),
    );
    for (let i = 0; i < config.depths[stage]!; i++) {
      const rate = (config.dropPath * done++) / Math.max(1, blocks - 1);
      const options = { heads: config.heads[stage]!, reduction: config.reductions[stage]!, rate };
      x = net.within(`block.${stage}.${i}`, () => block(net, x, options, how));
    }
    map = net.channelsFirst(net.layerNorm(`layer_norm.${stage}`, x, how.outer));
    return map;
  });
}

interface BlockOptions {
  readonly heads: number;
  readonly reduction: number;
  readonly rate: number;
}

/** A transformer block on a map with channels last. */
function block(net: Net, x: Activation, { heads, reduction, rate }: BlockOptions, how: Details): Activation {
  const first = net.layerNorm("layer_norm_1", x, how.outer);
  const attended = net.within("attention", () => attention(net, first, heads, reduction, how));
  const y = net.add(x, net.dropPath(attended, rate, "drop_path1"));
  const second = net.layerNorm("layer_norm_2", y, how.outer);
  return net.add(
    y,
    net.dropPath(
      net.within("mlp", () => mixedPerceptron(net, second)),
      rate,
      "drop_path2",
    ),
  );
}

/** Attention with one query per pixel, and one key and value per group of reduction × reduction pixels. */
function attention(net: Net, x: Activation, heads: number, reduction: number, how: Details): Activation {
  const channels = x.dims[2]!;
  const [q, k, v] = net.within("self", () => {
    const source = reduction > 1 ? reduced(net, x, reduction, how) : x;
    return [
      net.linear("query", x, channels),
      net.linear("key", source, channels),
      net.linear("value", source, channels),
    ];
  }) as [Activation, Activation, Activation];
  const mixed = net.attention(asTokens(net, q), asTokens(net, k), asTokens(net, v), heads);
  return net.linear("output.dense", net.reshape(mixed, x.dims), channels);
}

function reduced(net: Net, x: Activation, reduction: number, how: Details): Activation {
  const options = { channels: x.dims[2]!, kernel: reduction, stride: reduction };
  return net.layerNorm(
    "layer_norm",
    net.channelsLast(net.conv("sr", net.channelsFirst(x), options)),
    how.inner,
  );
}

function asTokens(net: Net, { value, dims }: Activation): Activation {
  return net.reshape({ value, dims }, [dims[0]! * dims[1]!, dims[2]!]);
}

/** Two linear layers. The 3×3 convolution between them, by its zero padding, replaces a position embedding. */
function mixedPerceptron(net: Net, x: Activation): Activation {
  const channels = 4 * x.dims[2]!;
  const inner = net.channelsFirst(net.linear("dense1", x, channels));
  const mixed = net.conv("dwconv.dwconv", inner, { channels, kernel: 3, padding: 1, groups: channels });
  return net.linear("dense2", net.channelsLast(net.gelu(mixed)), x.dims[2]!);
}

function head(
  net: Net,
  features: readonly Activation[],
  channels: number,
  classes: number,
  how: Details,
): Activation {
  const finest = sizeOfImage(features[0]!);
  const maps = features.map((x, i) => {
    const y = how.convolutions
      ? byConvolution(net, `convs.${i}`, x, channels)
      : byProduct(net, `linear_c.${i}.proj`, x, channels);
    return net.interpolate(y, finest);
  });
  const all = net.concat(how.convolutions ? maps : maps.reverse());
  const fused = net.conv("linear_fuse", all, { channels, kernel: 1, bias: false });
  const y = net.dropout2d(net.relu(net.batchNorm("batch_norm", fused)), dropout);
  return net.conv("classifier", y, { channels: classes, kernel: 1 });
}

function byProduct(net: Net, name: string, x: Activation, channels: number): Activation {
  return net.channelsFirst(net.linear(name, net.channelsLast(x), channels));
}

function byConvolution(net: Net, name: string, x: Activation, channels: number): Activation {
  return net.within(name, () =>
    net.relu(net.batchNorm("batch_norm", net.conv("conv", x, { channels, kernel: 1, bias: false }))),
  );
}
