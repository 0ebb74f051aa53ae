/** An image classifier on ConvNeXt. Trained robustly, its backbone is the start of a segmentation network. */

import type { Net } from "../layers/modules.js";
import type { Activation } from "../layers/scope.js";
import { type Architecture, requireSides } from "./architecture.js";
import { type ConvNextConfig, convNext } from "./convnext.js";

/** Its logits are [classes, 1, 1], so that pixel losses apply: they see an image of one pixel. */
export function convNextClassifier(summary: string, config: ConvNextConfig): Architecture {
  return {
    summary,
    family: "classifier",
    size: [64, 64],
    classes: 1000,
    normalization: config.stem === "patch" ? "imagenet" : "none",
    classifier: "classification_head.weight",
    write: (net, image, { classes }) =>
      net.beginning(config.initial ?? {}, () => ({ logits: write(net, image, config, classes) })),
  };
}

function write(net: Net, image: Activation, config: ConvNextConfig, classes: number): Activation {
  requireSides(image, 32);
  const features = net.within("backbone", () => convNext(net, image, config));
  const mean = net.adaptiveAveragePool(features.at(-1)!, 1);
  return net.conv("classification_head", mean, { channels: classes, kernel: 1 });
}
