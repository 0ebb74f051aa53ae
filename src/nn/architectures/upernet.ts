/** UPerNet (Xiao et al. 2018), as in the PIR-AT paper's code and in Hugging Face transformers. */

import type { ConvOptions, Net } from "../layers/modules.js";
import type { Activation } from "../layers/scope.js";
import { type Architecture, type Backbone, requireSides, sizeOfImage, type Variant } from "./architecture.js";

export interface UperNetHeads {
  /** Channels of the decoder, and of the auxiliary head. */
  readonly channels: number;
  readonly auxiliaryChannels: number;
}

const poolSizes = [1, 2, 3, 6];

export function uperNet(summary: string, backbone: Backbone, heads: UperNetHeads): Architecture {
  return {
    summary,
    family: backbone.family,
    size: [473, 473],
    classes: 21,
    normalization: backbone.normalization,
    classifier: "decode_head.classifier.weight",
    write: (net, image, variant) =>
      net.beginning(backbone.initial ?? {}, () => write(net, image, backbone, heads, variant)),
  };
}

function write(
  net: Net,
  image: Activation,
  backbone: Backbone,
  { channels, auxiliaryChannels }: UperNetHeads,
  { classes, auxiliary }: Variant,
) {
  requireSides(image, 32);
  const size = sizeOfImage(image);
  const features = backbone.write(net, image);
  return {
    logits: net.interpolate(
      net.within("decode_head", () => decodeHead(net, features, channels, classes)),
      size,
    ),
    auxiliary: net.optional(auxiliary, () =>
      net.interpolate(
        net.within("auxiliary_head", () => auxiliaryHead(net, features[2]!, auxiliaryChannels, classes)),
        size,
      ),
    ),
  };
}

function decodeHead(
  net: Net,
  features: readonly Activation[],
  channels: number,
  classes: number,
): Activation {
  // Feature pyramid: from the coarsest level down, each level adds the upsampled level above it.
  const levels = [pyramidPooling(net, features.at(-1)!, channels)];
  for (let i = features.length - 2; i >= 0; i--) {
    const lateral = convModule(net, `lateral_convs.${i}`, features[i]!, { channels, kernel: 1 });
    levels.unshift(net.add(lateral, net.interpolate(levels[0]!, sizeOfImage(lateral))));
  }
  const finest = sizeOfImage(levels[0]!);
  const smoothed = levels.map((level, i) =>
    i === levels.length - 1
      ? level
      : convModule(net, `fpn_convs.${i}`, level, { channels, kernel: 3, padding: 1 }),
  );
  const all = net.concat(smoothed.map((level) => net.interpolate(level, finest)));
  const fused = convModule(net, "fpn_bottleneck", all, { channels, kernel: 3, padding: 1 });
  return net.conv("classifier", fused, { channels: classes, kernel: 1 });
}

function pyramidPooling(net: Net, x: Activation, channels: number): Activation {
  const pooled = poolSizes.map((size, i) => {
    const mean = net.adaptiveAveragePool(x, size);
    return net.interpolate(
      convModule(net, `psp_modules.${i}.1`, mean, { channels, kernel: 1 }),
      sizeOfImage(x),
    );
  });
  return convModule(net, "bottleneck", net.concat([x, ...pooled]), { channels, kernel: 3, padding: 1 });
}

function auxiliaryHead(net: Net, x: Activation, channels: number, classes: number): Activation {
  const y = convModule(net, "convs.0", x, { channels, kernel: 3, padding: 1 });
  return net.conv("classifier", y, { channels: classes, kernel: 1 });
}

function convModule(net: Net, name: string, x: Activation, options: ConvOptions): Activation {
  return net.within(name, () =>
    net.relu(net.batchNorm("batch_norm", net.conv("conv", x, { ...options, bias: false }))),
  );
}
