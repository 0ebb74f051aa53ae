/** Key maps of Segmenter, and of ViT alone. */
import { type KeyMap, normalizerDrop } from "./key-map.js";

export const segmenterKeyMaps = {
  "segmenter/authors": {
    summary: "Segmenter as the PIR-AT paper's code saves it, and as Seawall does",
    family: "segmenter",
    marker: /^encoder\.blocks\.0\.attn\.qkv\.weight$/,
  },
  "vit/timm": {
    summary: "ViT of timm, and the robust ViT-S classifier",
    family: "segmenter",
    marker: /^blocks\.0\.attn\.qkv\.weight$/,
    drops: [normalizerDrop],
    renames: [[/^/, "encoder."]],
    backbone: true,
  },
} as const satisfies Record<string, KeyMap>;
