/** SegFormer (Xie et al. 2021): a hierarchical transformer with an MLP head. Parameter names of the Hugging Face hub. */

import type { Net } from "../layers/modules.js";
import type { Activation } from "../layers/scope.js";
import {
  type Architecture,
  type Backbone,
  type Flavour,
  requireSides,
  sizeOfImage,
  type Variant,
} from "./architecture.js";

export interface SegFormerHead {
  /** Channels of the head. */
  readonly channels: number;
}

/**
 * How the head projects each stage. True: convolution with batch normalization, stages joined finest first.
 * False: linear layer, stages joined coarsest first.
 */
const convolutions = {
  transformers: false,
  nvidia: false,
  mmsegmentation: true,
} satisfies Record<Flavour, boolean>;

const dropout = 0.1;

export function segFormer(summary: string, backbone: Backbone, { channels }: SegFormerHead): Architecture {
  return {
    summary,
    family: backbone.family,
    size: [512, 512],
    classes: 150,
    normalization: backbone.normalization,
    classifier: "decode_head.classifier.weight",
    write: (net, image, variant) =>
      net.beginning(backbone.initial ?? {}, () => ({
        logits: write(net, image, backbone, channels, variant),
      })),
  };
}

function write(
  net: Net,
  image: Activation,
  backbone: Backbone,
  channels: number,
  { classes, flavour = "transformers" }: Variant,
): Activation {
  requireSides(image, 32);
  const features = backbone.write(net, image, flavour);
  const logits = net.within("decode_head", () =>
    head(net, features, channels, classes, convolutions[flavour]),
  );
  return net.interpolate(logits, sizeOfImage(image));
}

function head(
  net: Net,
  features: readonly Activation[],
  channels: number,
  classes: number,
  convolved: boolean,
): Activation {
  const finest = sizeOfImage(features[0]!);
  const maps = features.map((x, i) => {
    const y = convolved
      ? byConvolution(net, `convs.${i}`, x, channels)
      : byProduct(net, `linear_c.${i}.proj`, x, channels);
    return net.interpolate(y, finest);
  });
  const all = net.concat(convolved ? maps : maps.reverse());
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
