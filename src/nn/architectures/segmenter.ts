/** Segmenter (Strudel et al. 2021): ViT with a mask transformer, as in the PIR-AT paper's code. */

import type { Net } from "../layers/modules.js";
import { normal } from "../layers/parameters.js";
import type { Activation } from "../layers/scope.js";
import { type ImageSize, imageDims } from "../layers/shapes.js";
import type { Architecture, Variant } from "./architecture.js";
import { block, epsilon, type VitConfig, vit } from "./vit.js";

/** Number of blocks of the mask transformer, and their dropout probability in training. */
const layers = 2;
const dropout = 0.1;

export function segmenter(summary: string, config: VitConfig): Architecture {
  return {
    summary,
    family: "segmenter",
    size: [config.grid * config.patch, config.grid * config.patch],
    classes: 151,
    normalization: "none",
    classifier: "decoder.mask_norm.weight",
    write: (net, image, variant) => ({ logits: write(net, image, config, variant) }),
  };
}

function write(net: Net, image: Activation, config: VitConfig, { classes }: Variant): Activation {
  const [channels, ...size] = imageDims(image);
  const grid = size.map((side) => Math.ceil(side / config.patch)) as [number, number];
  const whole: ImageSize = [grid[0] * config.patch, grid[1] * config.patch];
  const tokens = net.within("encoder", () => vit(net, net.pad(image, [channels, ...whole]), config));
  const masks = net.within("decoder", () => maskTransformer(net, tokens, config.heads, classes));
  const maps = net.channelsFirst(net.reshape(masks, [...grid, classes]));
  return net.crop(net.interpolate(maps, whole), [classes, ...size]);
}

/** Scores [patches, classes]: the normalized product of each patch with the learned token of each class. */
function maskTransformer(net: Net, tokens: Activation, heads: number, classes: number): Activation {
  const [length, width] = tokens.dims as [number, number];
  const patches = net.linear("proj_dec", net.rows(tokens, 1, length), width);
  const prototypes = net.perImage(net.embedding("cls_emb", classes, width, normal(0.02)), patches);
  let x = net.concat([patches, prototypes]);
  for (let i = 0; i < layers; i++) {
    x = net.within(`blocks.${i}`, () => block(net, x, { heads, dropPath: 0, dropout }));
  }
  x = net.layerNorm("decoder_norm", x, epsilon);
  const ends = length - 1;
  const projection = normal(width ** -0.5);
  const a = net.unitRows(net.project("proj_patch", net.rows(x, 0, ends), width, projection));
  const b = net.unitRows(net.project("proj_classes", net.rows(x, ends, ends + classes), width, projection));
  return net.layerNorm("mask_norm", net.matmul(a, net.permute(b, [1, 0])), epsilon);
}
