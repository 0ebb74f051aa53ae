/** Key maps of UPerNet on ConvNeXt, and of ConvNeXt alone. */
import { classifierDrop, type KeyMap, normalizerDrop, ownClassifierDrop, type Rename } from "./key-map.js";

/** timm's names of stem and blocks, which have no `backbone.` prefix. */
const fromTimm: readonly Rename[] = [
  [/^stem\.stem\./, "downsample_layers.0.stem."],
  [/^stem\./, "downsample_layers.0."],
  [/^stages\.(\d)\.downsample\./, "downsample_layers.$1."],
  [/^(stages\.\d)\.blocks\./, "$1."],
  [/\.conv_dw\./, ".dwconv."],
  [/\.mlp\.fc/, ".pwconv"],
  [/^/, "backbone."],
];

export const upernetKeyMaps = {
  "convnext/seawall": {
    summary: "classifier on ConvNeXt as Seawall trains and saves it",
    family: "upernet",
    marker: ownClassifierDrop[0],
    drops: [ownClassifierDrop],
    backbone: true,
  },
  "upernet/authors": {
    summary: "UPerNet as the PIR-AT paper's code saves it, and as Seawall does",
    family: "upernet",
    marker: /^backbone\.stages\.0\.0\.dwconv\.weight$/,
  },
  "upernet/mmsegmentation": {
    summary: "UPerNet on ConvNeXt of mmsegmentation",
    family: "upernet",
    marker: /^backbone\.stages\.0\.0\.depthwise_conv\.weight$/,
    renames: [
      [/\.depthwise_conv\./, ".dwconv."],
      [/\.pointwise_conv/, ".pwconv"],
      [/\.bn\./, ".batch_norm."],
      [/\.conv_seg\./, ".classifier."],
    ],
    normalization: "imagenet",
  },
  "upernet/transformers": {
    summary: "UPerNet on ConvNeXt of Hugging Face transformers",
    family: "upernet",
    marker: /^backbone\.encoder\.stages\.0\.layers\.0\.dwconv\.weight$/,
    renames: [
      [/\.embeddings\.patch_embeddings\./, ".downsample_layers.0.0."],
      [/\.embeddings\.layernorm\./, ".downsample_layers.0.1."],
      [/\.encoder\.stages\.(\d)\.downsampling_layer\./, ".downsample_layers.$1."],
      [/\.encoder\.stages\.(\d)\.layers\./, ".stages.$1."],
      [/\.layer_scale_parameter$/, ".gamma"],
      [/\.layernorm\./, ".norm."],
      [/\.hidden_states_norms\.stage1\./, ".norm0."],
      [/\.hidden_states_norms\.stage2\./, ".norm1."],
      [/\.hidden_states_norms\.stage3\./, ".norm2."],
      [/\.hidden_states_norms\.stage4\./, ".norm3."],
    ],
    normalization: "imagenet",
  },
  "convnext/timm": {
    summary: "ConvNeXt of timm, and the robust ConvNeXt-CvSt classifiers",
    family: "upernet",
    marker: /^stages\.0\.blocks\.0\.conv_dw\.weight$/,
    drops: [classifierDrop, normalizerDrop],
    renames: fromTimm,
    backbone: true,
  },
  "convnext/meta": {
    summary: "ConvNeXt of its authors",
    family: "upernet",
    marker: /^stages\.0\.0\.dwconv\.weight$/,
    drops: [classifierDrop, [/^norm\./, "the ImageNet classifier's norm"], normalizerDrop],
    renames: [[/^/, "backbone."]],
    backbone: true,
  },
} as const satisfies Record<string, KeyMap>;
