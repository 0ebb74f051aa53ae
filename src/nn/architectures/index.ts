/** The table of architectures, by name. */

import { pytorchUniform } from "../layers/parameters.js";
import type { Architecture } from "./architecture.js";
import { classifier } from "./classifier.js";
import { convNext } from "./convnext.js";
import { mixTransformer } from "./mit.js";
import { pspNet } from "./pspnet.js";
import { segFormer } from "./segformer.js";
import { segmenter } from "./segmenter.js";
import { type SwinConfig, swin } from "./swin.js";
import { uperNet } from "./upernet.js";

const convNextT = { dims: [96, 192, 384, 768], depths: [3, 3, 9, 3], dropPath: 0.4 };
const convNextS = { dims: [96, 192, 384, 768], depths: [3, 3, 27, 3], dropPath: 0.3 };
const convNextB = { dims: [128, 256, 512, 1024], depths: [3, 3, 27, 3], dropPath: 0.4 };
const convNextL = { dims: [192, 384, 768, 1536], depths: [3, 3, 27, 3], dropPath: 0.4 };
const heads = { channels: 512, auxiliaryChannels: 256 };

/** UPerNet on Swin as published, trained on ADE20K. */
const swinUperNet = (summary: string, config: SwinConfig): Architecture => ({
  ...uperNet(summary, swin(config), heads),
  size: [512, 512],
  classes: 150,
});
const swinTS = { dims: [96, 192, 384, 768], heads: [3, 6, 12, 24], dropPath: 0.3 };
const swinB = { dims: [128, 256, 512, 1024], heads: [4, 8, 16, 32], depths: [2, 2, 18, 2], dropPath: 0.3 };

/** Small enough for adversarial training on a laptop's CPU, and for narrow layers begun as PyTorch begins them. */
const small = { dropPath: 0, initial: { weight: pytorchUniform, bias: pytorchUniform } };
const microWidths = { dims: [16, 32, 64, 128], heads: [1, 2, 4, 8] };
const microHeads = { channels: 32, auxiliaryChannels: 16 };

/** Channels are `width`, twice, four and eight times as many. */
const smallConvNext = (width: number) =>
  convNext({
    ...small,
    dims: [width, 2 * width, 4 * width, 8 * width],
    depths: [2, 2, 6, 2],
    stem: [
      { channels: width / 2, stride: 2 },
      { channels: width, stride: 2 },
    ],
  });
const convNextNano = smallConvNext(10);
const convNextMicro = smallConvNext(16);
const convNextMilli = smallConvNext(32);
const swinMicro = swin({ ...small, ...microWidths, depths: [2, 2, 2, 2], window: 4, normalization: "none" });
const mitMicro = mixTransformer({
  ...small,
  ...microWidths,
  depths: [2, 2, 2, 2],
  reductions: [8, 4, 2, 1],
  normalization: "none",
});

/** Two convolutions of stride 2 ("CvSt") for T and S. */
const smallStem = [
  { channels: 48, stride: 2 },
  { channels: 96, stride: 2 },
];
/** Two convolutions of stride 2 and one of stride 1, for B and L. */
const largeStem = (channels: number) => [
  { channels, stride: 2 },
  { channels: 1.5 * channels, stride: 2 },
  { channels: 2 * channels, stride: 1 },
];

/** ViT for 512×512 pixels, with patches of 16×16. */
const vit = { depth: 12, patch: 16, grid: 32, dropPath: 0.1, imagenetClasses: 1000 };

const resNet50 = { width: 64, depths: [3, 4, 6, 3], channels: 512, auxiliaryChannels: 256 };

const mit = { heads: [1, 2, 5, 8], reductions: [8, 4, 2, 1], dropPath: 0.1 };
const mitSmall = { ...mit, dims: [32, 64, 160, 256] };
const mitLarge = { ...mit, dims: [64, 128, 320, 512] };

export const architectures = {
  "upernet-convnext-t-cvst": uperNet(
    "UPerNet, ConvNeXt-T with convolutional stem (PIR-AT paper)",
    convNext({ ...convNextT, stem: smallStem }),
    heads,
  ),
  "upernet-convnext-s-cvst": uperNet(
    "UPerNet, ConvNeXt-S with convolutional stem (PIR-AT paper)",
    convNext({ ...convNextS, stem: smallStem }),
    heads,
  ),
  "upernet-convnext-b-cvst": uperNet(
    "UPerNet, ConvNeXt-B with convolutional stem",
    convNext({ ...convNextB, stem: largeStem(64) }),
    heads,
  ),
  "upernet-convnext-l-cvst": uperNet(
    "UPerNet, ConvNeXt-L with convolutional stem",
    convNext({ ...convNextL, stem: largeStem(96) }),
    heads,
  ),
  "upernet-convnext-t": uperNet("UPerNet, ConvNeXt-T", convNext({ ...convNextT, stem: "patch" }), heads),
  "upernet-convnext-s": uperNet("UPerNet, ConvNeXt-S", convNext({ ...convNextS, stem: "patch" }), heads),
  "upernet-convnext-b": uperNet("UPerNet, ConvNeXt-B", convNext({ ...convNextB, stem: "patch" }), heads),
  "upernet-convnext-l": uperNet("UPerNet, ConvNeXt-L", convNext({ ...convNextL, stem: "patch" }), heads),
  "upernet-convnext-nano-cvst": uperNet("UPerNet, a tiny ConvNeXt with convolutional stem", convNextNano, {
    channels: 20,
    auxiliaryChannels: 10,
  }),
  "upernet-convnext-micro-cvst": uperNet(
    "UPerNet, a very small ConvNeXt with convolutional stem",
    convNextMicro,
    microHeads,
  ),
  "upernet-convnext-milli-cvst": uperNet("UPerNet, a small ConvNeXt with convolutional stem", convNextMilli, {
    channels: 64,
    auxiliaryChannels: 32,
  }),
  "upernet-swin-t": swinUperNet("UPerNet, Swin-T", { ...swinTS, depths: [2, 2, 6, 2], window: 7 }),
  "upernet-swin-s": swinUperNet("UPerNet, Swin-S", { ...swinTS, depths: [2, 2, 18, 2], window: 7 }),
  "upernet-swin-b": swinUperNet("UPerNet, Swin-B with windows of 12×12", { ...swinB, window: 12 }),
  "upernet-swin-b-window7": swinUperNet("UPerNet, Swin-B with windows of 7×7", { ...swinB, window: 7 }),
  "upernet-swin-micro": uperNet("UPerNet, a very small Swin", swinMicro, microHeads),
  "segmenter-vit-ti": segmenter("Segmenter, ViT-Ti/16 with mask transformer", {
    ...vit,
    width: 192,
    heads: 3,
  }),
  "segmenter-vit-s": segmenter("Segmenter, ViT-S/16 with mask transformer (PIR-AT paper)", {
    ...vit,
    width: 384,
    heads: 6,
  }),
  "segmenter-vit-b": segmenter("Segmenter, ViT-B/16 with mask transformer", {
    ...vit,
    width: 768,
    heads: 12,
  }),
  "pspnet-50": pspNet("PSPNet, ResNet-50 with 7×7 stem (PIR-AT paper, robust initialization)", {
    ...resNet50,
    deepStem: false,
  }),
  "pspnet-50-deep": pspNet(
    "PSPNet, ResNet-50 with three 3×3 convolutions first (PIR-AT paper, clean initialization; DDC-AT)",
    { ...resNet50, deepStem: true },
  ),
  "segformer-b0": segFormer("SegFormer-B0", mixTransformer({ ...mitSmall, depths: [2, 2, 2, 2] }), {
    channels: 256,
  }),
  "segformer-b1": segFormer("SegFormer-B1", mixTransformer({ ...mitLarge, depths: [2, 2, 2, 2] }), {
    channels: 256,
  }),
  "segformer-b2": segFormer("SegFormer-B2", mixTransformer({ ...mitLarge, depths: [3, 4, 6, 3] }), {
    channels: 768,
  }),
  "segformer-b3": segFormer("SegFormer-B3", mixTransformer({ ...mitLarge, depths: [3, 4, 18, 3] }), {
    channels: 768,
  }),
  "segformer-b4": segFormer("SegFormer-B4", mixTransformer({ ...mitLarge, depths: [3, 8, 27, 3] }), {
    channels: 768,
  }),
  "segformer-b5": segFormer("SegFormer-B5", mixTransformer({ ...mitLarge, depths: [3, 6, 40, 3] }), {
    channels: 768,
  }),
  "segformer-micro": segFormer("SegFormer, very small", mitMicro, { channels: 32 }),
  "convnext-nano-cvst": classifier(
    "Classifier whose backbone upernet-convnext-nano-cvst can begin with",
    convNextNano,
  ),
  "convnext-micro-cvst": classifier(
    "Classifier whose backbone upernet-convnext-micro-cvst can begin with",
    convNextMicro,
  ),
  "convnext-milli-cvst": classifier(
    "Classifier whose backbone upernet-convnext-milli-cvst can begin with",
    convNextMilli,
  ),
  "swin-micro": classifier("Classifier whose backbone upernet-swin-micro can begin with", swinMicro),
  "mit-micro": classifier("Classifier whose backbone segformer-micro can begin with", mitMicro),
} satisfies Record<string, Architecture>;

export type ArchitectureName = keyof typeof architectures;
