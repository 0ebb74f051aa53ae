/** Key maps of UPerNet on Swin, and of Swin alone. Seawall uses the names of the checkpoints on the Hugging Face hub. */
import {
  classifierDrop,
  type Drop,
  type KeyMap,
  normalizerDrop,
  ownClassifierDrop,
  type Rename,
  type Reorder,
  type Split,
} from "./key-map.js";

const windowDrop: Drop = [
  /\.(relative_position_index|attn_mask)$/,
  "constants that follow from the size of windows and image",
];
const lastNormDrop: Drop = [/^(norm|(backbone\.)?swin\.layernorm)\./, "the ImageNet classifier's norm"];

const intoBackbone: Rename = [/^/, "backbone."];

/** The authors' names of blocks, which others use too. */
const blocks: readonly Rename[] = [
  [/\.norm1\./, ".layernorm_before."],
  [/\.norm2\./, ".layernorm_after."],
  [/\.attn\.proj\./, ".attention.output.dense."],
  [/\.attn\./, ".attention.self."],
  [/\.mlp\.fc1\./, ".intermediate.dense."],
  [/\.mlp\.fc2\./, ".output.dense."],
];

const fromAuthors: readonly Rename[] = [
  [/\.patch_embed\.proj\./, ".embeddings.patch_embeddings.projection."],
  [/\.patch_embed\.norm\./, ".embeddings.norm."],
  [/^backbone\.layers\./, "backbone.encoder.layers."],
  ...blocks,
];

/** timm counts the merging of patches to the stage that follows, all others to the stage before. */
const mergingBefore: readonly Rename[] = [1, 2, 3].map((stage) => [
  new RegExp(`^layers\\.${stage}\\.downsample\\.`),
  `layers.${stage - 1}.downsample.`,
]);

const fromMmsegmentation: readonly Rename[] = [
  ...[0, 1, 2, 3].map(
    (i): Rename => [new RegExp(`^backbone\\.norm${i}\\.`), `backbone.hidden_states_norms.stage${i + 1}.`],
  ),
  [/\.patch_embed\.projection\./, ".embeddings.patch_embeddings.projection."],
  [/\.patch_embed\.norm\./, ".embeddings.norm."],
  [/^backbone\.stages\./, "backbone.encoder.layers."],
  [/\.w_msa\./, "."],
  [/\.ffn\.layers\.0\.0\./, ".mlp.fc1."],
  [/\.ffn\.layers\.1\./, ".mlp.fc2."],
  ...blocks,
];

const queriesKeysValues: Split = [/\.qkv\./, [".query.", ".key.", ".value."]];

/**
 * mmsegmentation merges 2×2 patches by `Unfold`: channel by channel, and row by row within a channel. All others merge
 * patch by patch, column by column.
 */
const unfolded: Reorder = [
  /\.downsample\.(reduction|norm)\./,
  (i, length) => {
    const channels = length / 4;
    const [place, channel] = [Math.floor(i / channels), i % channels];
    const [column, row] = [place >> 1, place & 1];
    return 4 * channel + 2 * row + column;
  },
];

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
    drops: [windowDrop, lastNormDrop],
  },
  "upernet-swin/transformers-5": {
    summary: "UPerNet on Swin in memory of Hugging Face transformers 5",
    family: "upernet-swin",
    marker: /^backbone\.swin\.encoder\.layers\.0\.blocks\.0\.attention\.q_proj\.weight$/,
    drops: [lastNormDrop],
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
  },
  "upernet-swin/mmsegmentation": {
    summary: "UPerNet on Swin of mmsegmentation",
    family: "upernet-swin",
    marker: /^backbone\.stages\.0\.blocks\.0\.attn\.w_msa\.qkv\.weight$/,
    drops: [windowDrop],
    splits: [queriesKeysValues],
    reorders: [unfolded],
    renames: [...fromMmsegmentation, [/\.bn\./, ".batch_norm."], [/\.conv_seg\./, ".classifier."]],
  },
  "swin/mmsegmentation": {
    summary: "Swin of its authors as mmsegmentation converts it",
    family: "upernet-swin",
    marker: /^stages\.0\.blocks\.0\.attn\.w_msa\.qkv\.weight$/,
    drops: [windowDrop, lastNormDrop],
    splits: [queriesKeysValues],
    reorders: [unfolded],
    renames: [intoBackbone, ...fromMmsegmentation],
    backbone: true,
  },
  "swin/transformers": {
    summary: "Swin of Hugging Face transformers, as on its hub",
    family: "upernet-swin",
    marker: /^swin\.encoder\.layers\.0\.blocks\.0\.attention\.self\.query\.weight$/,
    drops: [windowDrop, lastNormDrop, classifierDrop],
    renames: [[/^swin\./, "backbone."]],
    backbone: true,
  },
  "swin/authors": {
    summary: "Swin of its authors, and of timm before 0.9",
    family: "upernet-swin",
    marker: /^layers\.0\.downsample\.reduction\.weight$/,
    drops: [windowDrop, lastNormDrop, classifierDrop, normalizerDrop],
    splits: [queriesKeysValues],
    renames: [intoBackbone, ...fromAuthors],
    backbone: true,
  },
  "swin/timm": {
    summary: "Swin of timm",
    family: "upernet-swin",
    marker: /^layers\.0\.blocks\.0\.attn\.qkv\.weight$/,
    drops: [windowDrop, lastNormDrop, classifierDrop, normalizerDrop],
    splits: [queriesKeysValues],
    renames: [...mergingBefore, intoBackbone, ...fromAuthors],
    backbone: true,
  },
} as const satisfies Record<string, KeyMap>;
