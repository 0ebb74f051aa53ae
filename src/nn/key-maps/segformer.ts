/** Key maps of SegFormer, and of its encoder alone. Seawall uses the names of the checkpoints on the Hugging Face hub. */
import {
  classifierDrop,
  type Drop,
  type KeyMap,
  ownClassifierDrop,
  type Rename,
  type Split,
} from "./key-map.js";

const fromNvidia: readonly Rename[] = [
  ...stages("patch_embed", "patch_embeddings."),
  ...stages("block", "block."),
  ...stages("norm", "layer_norm."),
  [/\.norm([12])\./, ".layer_norm_$1."],
  [/(patch_embeddings\.\d)\.norm\./, "$1.layer_norm."],
  [/\.attn\.norm\./, ".attention.self.layer_norm."],
  [/\.attn\.q\./, ".attention.self.query."],
  [/\.attn\.(key|value|sr)\./, ".attention.self.$1."],
  [/\.attn\.proj\./, ".attention.output.dense."],
  [/\.mlp\.fc/, ".mlp.dense"],
];

/** NVIDIA's names count stages from 1, Seawall's from 0. */
function stages(from: string, to: string): Rename[] {
  return [0, 1, 2, 3].map((i) => [
    new RegExp(`^backbone\\.${from}${i + 1}\\.`),
    `segformer.encoder.${to}${i}.`,
  ]);
}

const nvidiaHead: readonly Rename[] = [
  [/linear_c([1-4])\./, "linear_c.#$1."],
  [/#1/, "0"],
  [/#2/, "1"],
  [/#3/, "2"],
  [/#4/, "3"],
  [/linear_fuse\.conv\./, "linear_fuse."],
  [/linear_fuse\.bn\./, "batch_norm."],
  [/linear_pred\./, "classifier."],
];

const keysAndValues: Split = [/\.attn\.kv\./, [".attn.key.", ".attn.value."]];
const unusedClassifier: Drop = [/^decode_head\.conv_seg\./, "a classifier that the head does not use"];

export const segformerKeyMaps = {
  "mit/seawall": {
    summary: "classifier on a Mix-Transformer as Seawall trains and saves it",
    family: "segformer",
    marker: ownClassifierDrop[0],
    drops: [ownClassifierDrop],
    backbone: true,
  },
  "segformer/transformers": {
    summary: "SegFormer of Hugging Face transformers, as on its hub, and as Seawall saves it",
    family: "segformer",
    marker: /^segformer\.encoder\.block\.0\.0\.attention\.self\.query\.weight$/,
    drops: [classifierDrop],
  },
  "segformer/transformers-5": {
    summary: "SegFormer in memory of Hugging Face transformers 5",
    family: "segformer",
    marker: /^segformer\.stages\.0\.blocks\.0\.attention\.q_proj\.weight$/,
    drops: [classifierDrop],
    renames: [
      [/\.stages\.(\d)\.patch_embeddings\./, ".encoder.patch_embeddings.$1."],
      [/\.stages\.(\d)\.blocks\./, ".encoder.block.$1."],
      [/\.stages\.(\d)\.layer_norm\./, ".encoder.layer_norm.$1."],
      [/\.q_proj\./, ".self.query."],
      [/\.k_proj\./, ".self.key."],
      [/\.v_proj\./, ".self.value."],
      [/\.o_proj\./, ".output.dense."],
      [/\.sequence_reduction\.sequence_reduction\./, ".self.sr."],
      [/\.sequence_reduction\.layer_norm\./, ".self.layer_norm."],
      [/\.mlp\.fc/, ".mlp.dense"],
      [/\.layernorm_before\./, ".layer_norm_1."],
      [/\.layernorm_after\./, ".layer_norm_2."],
      [/\.linear_projections\./, ".linear_c."],
    ],
  },
  "segformer/nvidia": {
    summary: "SegFormer of its authors",
    family: "segformer",
    marker: /^backbone\.block1\.0\.attn\.q\.weight$/,
    drops: [unusedClassifier],
    splits: [keysAndValues],
    renames: [...fromNvidia, ...nvidiaHead],
    flavour: "nvidia",
  },
  "mit/nvidia": {
    summary: "SegFormer's encoder (MiT) of its authors",
    family: "segformer",
    marker: /^block1\.0\.attn\.q\.weight$/,
    drops: [classifierDrop],
    splits: [keysAndValues],
    renames: [[/^/, "backbone."], ...fromNvidia],
    flavour: "nvidia",
    backbone: true,
  },
  "segformer/mmsegmentation": {
    summary:
      "SegFormer of mmsegmentation, whose head has a convolution with batch normalization for each stage",
    family: "segformer",
    marker: /^backbone\.layers\.0\.1\.0\.attn\.attn\.in_proj_weight$/,
    splits: [
      [/attn\.attn\.in_proj_weight/, ["query.weight", "key.weight", "value.weight"]],
      [/attn\.attn\.in_proj_bias/, ["query.bias", "key.bias", "value.bias"]],
    ],
    renames: [
      [/^backbone\.layers\.(\d)\.0\.projection\./, "segformer.encoder.patch_embeddings.$1.proj."],
      [/^backbone\.layers\.(\d)\.0\.norm\./, "segformer.encoder.patch_embeddings.$1.layer_norm."],
      [/^backbone\.layers\.(\d)\.1\./, "segformer.encoder.block.$1."],
      [/^backbone\.layers\.(\d)\.2\./, "segformer.encoder.layer_norm.$1."],
      [/\.(query|key|value)\./, ".attention.self.$1."],
      [/\.attn\.sr\./, ".attention.self.sr."],
      [/\.attn\.norm\./, ".attention.self.layer_norm."],
      [/\.attn\.attn\.out_proj\./, ".attention.output.dense."],
      [/\.norm([12])\./, ".layer_norm_$1."],
      [/\.ffn\.layers\.0\./, ".mlp.dense1."],
      [/\.ffn\.layers\.1\./, ".mlp.dwconv.dwconv."],
      [/\.ffn\.layers\.4\./, ".mlp.dense2."],
      [/\.bn\./, ".batch_norm."],
      [/\.fusion_conv\.conv\./, ".linear_fuse."],
      [/\.fusion_conv\.batch_norm\./, ".batch_norm."],
      [/\.conv_seg\./, ".classifier."],
    ],
    flavour: "mmsegmentation",
  },
} as const satisfies Record<string, KeyMap>;
