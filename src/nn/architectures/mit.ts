/** SegFormer's encoder, the Mix-Transformer (Xie et al. 2021). Parameter names of the Hugging Face hub. */

import type { Net } from "../layers/modules.js";
import type { Activation, InitialStyle } from "../layers/scope.js";
import type { Backbone, Flavour, Normalization } from "./architecture.js";

export interface MixTransformerConfig {
  /** Channels, blocks and attention heads of each stage. */
  readonly dims: readonly number[];
  readonly depths: readonly number[];
  readonly heads: readonly number[];
  /** For each stage, the factor by which height and width of keys and values are reduced. */
  readonly reductions: readonly number[];
  /** Probability that training leaves out a block's branch: 0 in the first block, growing linearly to this in the last. */
  readonly dropPath: number;
  /** Default: `imagenet`, as in all published checkpoints. */
  readonly normalization?: Normalization;
  readonly initial?: Partial<InitialStyle>;
}

/** Epsilons of layer norms, which differ between implementations. */
interface Epsilons {
  /** In patch embeddings and key reductions. */
  readonly inner: number;
  /** In blocks and after stages. */
  readonly outer: number;
}

const epsilons = {
  transformers: { inner: 1e-5, outer: 1e-5 },
  nvidia: { inner: 1e-5, outer: 1e-6 },
  mmsegmentation: { inner: 1e-6, outer: 1e-6 },
} satisfies Record<Flavour, Epsilons>;

const name = "segformer.encoder";

export function mixTransformer(config: MixTransformerConfig): Backbone {
  return {
    name,
    family: "segformer",
    normalization: config.normalization ?? "imagenet",
    initial: config.initial,
    write: (net, image, flavour = "transformers") =>
      net.within(name, () => encoder(net, image, config, epsilons[flavour])),
  };
}

/** Feature maps [channels, height, width] at strides 4, 8, 16, 32. */
function encoder(net: Net, image: Activation, config: MixTransformerConfig, how: Epsilons): Activation[] {
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
function block(net: Net, x: Activation, { heads, reduction, rate }: BlockOptions, how: Epsilons): Activation {
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
function attention(net: Net, x: Activation, heads: number, reduction: number, how: Epsilons): Activation {
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

function reduced(net: Net, x: Activation, reduction: number, how: Epsilons): Activation {
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
