/** Key maps of UPerNet on Swin, and of Swin alone. Seawall uses the names of the checkpoints on the Hugging Face hub. */
import { type Drop, type KeyMap, ownClassifierDrop } from "./key-map.js";

const positionIndexDrop: Drop = [
  /\.relative_position_index$/,
  "which entry of a table each pair of tokens has, which follows from the window's size",
];
const unreadNormDrop: Drop = [/^backbone\.swin\.layernorm\./, "a norm that segmentation does not use"];

export const swinKeyMaps = {
  "swin/seawall": {
    summary: "classifier on Swin as Seawall trains and saves it",
    family: "upernet-swin",
    marker: ownClassifierDrop[0],
    drops: [ownClassifierDrop],
    backbone: true,
  },
  "upernet-swin/transformers": {
    summary: "UPerNet on Swin of Hugging Face transformers, as on its hub, and as Seawall saves it",
    family: "upernet-swin",
    marker: /^backbone\.encoder\.layers\.0\.blocks\.0\.attention\.self\.query\.weight$/,
    drops: [positionIndexDrop, unreadNormDrop],
    normalization: "imagenet",
  },
  "upernet-swin/transformers-5": {
    summary: "UPerNet on Swin in memory of Hugging Face transformers 5",
    family: "upernet-swin",
    marker: /^backbone\.swin\.encoder\.layers\.0\.blocks\.0\.attention\.q_proj\.weight$/,
    drops: [unreadNormDrop],
    renames: [
      [/^backbone\.swin\./, "backbone."],
      [/\.q_proj\./, ".self.query."],
      [/\.k_proj\./, ".self.key."],
      [/\.v_proj\./, ".self.value."],
      [/\.o_proj\./, ".output.dense."],
      [/\.relative_position_bias\.relative/, ".self.relative"],
      [/\.mlp\.fc1\./, ".intermediate.dense."],
      [/\.mlp\.fc2\./, ".output.dense."],
    ],
    normalization: "imagenet",
  },
} as const satisfies Record<string, KeyMap>;
