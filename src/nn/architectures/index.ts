/** The table of architectures, by name. */

import { pytorchUniform } from "../layers/parameters.js";
import type { Architecture } from "./architecture.js";
import { convNextClassifier } from "./classifier.js";
import { pspNet } from "./pspnet.js";
import { segFormer } from "./segformer.js";
import { segmenter } from "./segmenter.js";
import { uperNet } from "./upernet.js";

const convNextT = { dims: [96, 192, 384, 768], depths: [3, 3, 9, 3], dropPath: 0.4 };
const convNextS = { dims: [96, 192, 384, 768], depths: [3, 3, 27, 3], dropPath: 0.3 };
const convNextB = { dims: [128, 256, 512, 1024], depths: [3, 3, 27, 3], dropPath: 0.4 };
const convNextL = { dims: [192, 384, 768, 1536], depths: [3, 3, 27, 3], dropPath: 0.4 };
const heads = { channels: 512, auxiliaryChannels: 256 };

/** Small enough for adversarial training on a laptop's CPU. */
const convNextMicro = {
  dims: [16, 32, 64, 128],
  depths: [2, 2, 6, 2],
  dropPath: 0,
  initial: { weight: pytorchUniform, bias: pytorchUniform },
  stem: [
    { channels: 8, stride: 2 },
    { channels: 16, stride: 2 },
  ],
};

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
const mitSmall = { ...mit, dims: [32, 64, 160, 256], channels: 256 };
const mitLarge = { ...mit, dims: [64, 128, 320, 512], channels: 768 };

export const architectures = {
  "upernet-convnext-t-cvst": uperNet("UPerNet, ConvNeXt-T with convolutional stem (PIR-AT paper)", {
    ...convNextT,
    ...heads,
    stem: smallStem,
  }),
  "upernet-convnext-s-cvst": uperNet("UPerNet, ConvNeXt-S with convolutional stem (PIR-AT paper)", {
    ...convNextS,
    ...heads,
    stem: smallStem,
  }),
  "upernet-convnext-b-cvst": uperNet("UPerNet, ConvNeXt-B with convolutional stem", {
    ...convNextB,
    ...heads,
    stem: largeStem(64),
  }),
  "upernet-convnext-l-cvst": uperNet("UPerNet, ConvNeXt-L with convolutional stem", {
    ...convNextL,
    ...heads,
    stem: largeStem(96),
  }),
  "upernet-convnext-t": uperNet("UPerNet, ConvNeXt-T", { ...convNextT, ...heads, stem: "patch" }),
  "upernet-convnext-s": uperNet("UPerNet, ConvNeXt-S", { ...convNextS, ...heads, stem: "patch" }),
  "upernet-convnext-b": uperNet("UPerNet, ConvNeXt-B", { ...convNextB, ...heads, stem: "patch" }),
  "upernet-convnext-l": uperNet("UPerNet, ConvNeXt-L", { ...convNextL, ...heads, stem: "patch" }),
  "upernet-convnext-micro-cvst": uperNet("UPerNet, a very small ConvNeXt with convolutional stem", {
    ...convNextMicro,
    channels: 32,
    auxiliaryChannels: 16,
  }),
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
  "segformer-b0": segFormer("SegFormer-B0", { ...mitSmall, depths: [2, 2, 2, 2] }),
  "segformer-b1": segFormer("SegFormer-B1", { ...mitLarge, depths: [2, 2, 2, 2], channels: 256 }),
  "segformer-b2": segFormer("SegFormer-B2", { ...mitLarge, depths: [3, 4, 6, 3] }),
  "segformer-b3": segFormer("SegFormer-B3", { ...mitLarge, depths: [3, 4, 18, 3] }),
  "segformer-b4": segFormer("SegFormer-B4", { ...mitLarge, depths: [3, 8, 27, 3] }),
  "segformer-b5": segFormer("SegFormer-B5", { ...mitLarge, depths: [3, 6, 40, 3] }),
  "convnext-micro-cvst": convNextClassifier(
    "Classifier whose backbone upernet-convnext-micro-cvst can begin with",
    convNextMicro,
  ),
} satisfies Record<string, Architecture>;

export type ArchitectureName = keyof typeof architectures;
