/** Files of Segmenter, and of ViT alone. */
import { type Dialect, normalizerDrop } from "./key-map.js";

export const segmenter = {
  "segmenter/authors": {
    summary: "Segmenter as the PIR-AT paper's code saves it, and as Seawall does",
    family: "segmenter",
    sign: /^encoder\.blocks\.0\.attn\.qkv\.weight$/,
  },
  "vit/timm": {
    summary: "ViT of timm, and the robust ViT-S classifier",
    family: "segmenter",
    sign: /^blocks\.0\.attn\.qkv\.weight$/,
    drops: [normalizerDrop],
    renames: [[/^/, "encoder."]],
    backbone: true,
  },
} as const satisfies Record<string, Dialect>;
