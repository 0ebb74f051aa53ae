/** An image classifier on a backbone. Trained robustly, its backbone is the start of a segmentation network. */

import type { Net } from "../layers/modules.js";
import type { Activation } from "../layers/scope.js";
import { type Architecture, type Backbone, requireSides } from "./architecture.js";

/** Its logits are [classes, 1, 1], so that pixel losses apply: they see an image of one pixel. */
export function classifier(summary: string, backbone: Backbone): Architecture {
  return {
    summary,
    family: "classifier",
    size: [64, 64],
    classes: 1000,
    normalization: backbone.normalization,
    classifier: "classification_head.weight",
    write: (net, image, { classes }) =>
      net.beginning(backbone.initial ?? {}, () => ({ logits: write(net, image, backbone, classes) })),
  };
}

function write(net: Net, image: Activation, backbone: Backbone, classes: number): Activation {
  requireSides(image, 32);
  const features = backbone.write(net, image);
  const mean = net.adaptiveAveragePool(features.at(-1)!, 1);
  return net.conv("classification_head", mean, { channels: classes, kernel: 1 });
}
