/** Named settings for the rows of the paper's training tables (Tab. 2 and 3, App. B.2), with its figures. */
import type { TrainingSettings } from "./settings.js";

/** Accuracy and mIoU in %; null where the paper does not say. */
type Figures = readonly [aAcc: number | null, mIoU: number];

/** Published figures of a row, clean and by radius: the worst case of SEA (version 2, 300 steps). */
export type PublishedFigures = Readonly<Record<"clean" | "4/255" | "8/255" | "12/255", Figures>>;

export interface Recipe {
  /** One line: model, data, initialization. */
  readonly summary: string;
  /** Whether `init` must be an adversarially trained ImageNet classifier. */
  readonly robustInit: boolean;
  /** All settings except paths: `data`, `init` and `out` are the user's. */
  readonly settings: Omit<TrainingSettings, "data" | "out" | "init">;
  readonly published: PublishedFigures;
}

const batch128 = { batchSize: 16, accumulate: 8 } as const;
const attack = { eps: "4/255", stepSize: "0.01", randomStart: false } as const;
const adamw = { optimizer: "adamw", learningRate: 1e-3, weightDecay: 1e-2, power: 1 } as const;
const sgd = { optimizer: "sgd", momentum: 0.9, power: 0.9 } as const;

const voc = { split: "train_aug", crop: [473, 473], baseSize: 512 } as const;
const ade = { split: "training", crop: [512, 512], baseSize: 520 } as const;

const vocUperNet = { ...voc, ...batch128, ...attack, ...adamw } as const;
const adeUperNet = { ...ade, ...batch128, ...attack, ...adamw } as const;
const adeSegmenter = {
  ...ade,
  ...batch128,
  ...attack,
  ...sgd,
  architecture: "segmenter-vit-s",
  learningRate: 2e-3,
  weightDecay: 1e-2,
} as const;

const short = { epochs: 50, warmupEpochs: 5 } as const;
const long = { epochs: 300, warmupEpochs: 30 } as const;
const adeShort = { epochs: 32, warmupEpochs: 5 } as const;
const adeLong = { epochs: 128, warmupEpochs: 20 } as const;

const convNextT = { architecture: "upernet-convnext-t-cvst" } as const;
const convNextS = { architecture: "upernet-convnext-s-cvst" } as const;

function recipe(
  summary: string,
  robustInit: boolean,
  settings: Recipe["settings"],
  [clean, at4, at8, at12]: readonly [Figures, Figures, Figures, Figures],
): Recipe {
  const published = { clean, "4/255": at4, "8/255": at8, "12/255": at12 };
  return { summary, robustInit, settings, published };
}

/** PSPNet's pooling, classifier and auxiliary head have ten times the learning rate of the backbone. */
const pspNetRates = { "ppm.": 10, "cls.": 10, "aux.": 10 };

export const recipes = {
  "pir-at5-voc-pspnet-50": recipe(
    "PSPNet-50 on VOC, 5 steps, 50 epochs, robust ResNet-50",
    true,
    {
      ...{ ...voc, ...batch128, ...attack, ...sgd, ...short },
      ...{
        architecture: "pspnet-50",
        attackSteps: 5,
        learningRate: 5e-4,
        weightDecay: 0,
        rates: pspNetRates,
      },
    },
    [
      [90.6, 68.9],
      [81.5, 47.7],
      [50.6, 11.2],
      [12.9, 1.4],
    ],
  ),
  "at2-voc-upernet-convnext-t": recipe(
    "UPerNet-ConvNeXt-T on VOC, 2 steps, 50 epochs, clean backbone",
    false,
    { ...vocUperNet, ...convNextT, ...short, attackSteps: 2 },
    [
      [93.4, 77.4],
      [2.6, 0.1],
      [0, 0],
      [0, 0],
    ],
  ),
  "pir-at2-voc-upernet-convnext-t": recipe(
    "UPerNet-ConvNeXt-T on VOC, 2 steps, 50 epochs, robust backbone",
    true,
    { ...vocUperNet, ...convNextT, ...short, attackSteps: 2 },
    [
      [92.9, 75.9],
      [86.7, 60.8],
      [50.2, 21.0],
      [9.3, 2.4],
    ],
  ),
  "at2-voc-upernet-convnext-t-300": recipe(
    "UPerNet-ConvNeXt-T on VOC, 2 steps, 300 epochs, clean backbone",
    false,
    { ...vocUperNet, ...convNextT, ...long, attackSteps: 2 },
    [
      [93.1, 76.3],
      [86.5, 59.6],
      [44.1, 16.6],
      [4.6, 0.1],
    ],
  ),
  "at5-voc-upernet-convnext-t": recipe(
    "UPerNet-ConvNeXt-T on VOC, 5 steps, 50 epochs, clean backbone",
    false,
    { ...vocUperNet, ...convNextT, ...short, attackSteps: 5 },
    [
      [91.9, 73.1],
      [86.7, 59.0],
      [65.3, 28.2],
      [22.0, 4.7],
    ],
  ),
  "pir-at5-voc-upernet-convnext-t": recipe(
    "UPerNet-ConvNeXt-T on VOC, 5 steps, 50 epochs, robust backbone",
    true,
    { ...vocUperNet, ...convNextT, ...short, attackSteps: 5 },
    [
      [92.7, 75.2],
      [88.6, 64.9],
      [71.7, 34.6],
      [28.1, 5.5],
    ],
  ),
  "at5-voc-upernet-convnext-t-300": recipe(
    "UPerNet-ConvNeXt-T on VOC, 5 steps, 300 epochs, clean backbone",
    false,
    { ...vocUperNet, ...convNextT, ...long, attackSteps: 5 },
    [
      [92.8, 75.5],
      [88.6, 64.8],
      [71.5, 35.1],
      [23.7, 5.1],
    ],
  ),
  "at5-voc-upernet-convnext-s": recipe(
    "UPerNet-ConvNeXt-S on VOC, 5 steps, 50 epochs, clean backbone",
    false,
    { ...vocUperNet, ...convNextS, ...short, attackSteps: 5 },
    [
      [92.4, 74.6],
      [88.1, 61.6],
      [68.5, 30.5],
      [23.9, 4.3],
    ],
  ),
  "pir-at5-voc-upernet-convnext-s": recipe(
    "UPerNet-ConvNeXt-S on VOC, 5 steps, 50 epochs, robust backbone",
    true,
    { ...vocUperNet, ...convNextS, ...short, attackSteps: 5 },
    [
      [93.1, 76.6],
      [89.1, 66.0],
      [71.0, 36.4],
      [27.6, 6.2],
    ],
  ),
  "at2-ade20k-upernet-convnext-t": recipe(
    "UPerNet-ConvNeXt-T on ADE20K, 2 steps, 128 epochs, clean backbone",
    false,
    { ...adeUperNet, ...convNextT, ...adeLong, attackSteps: 2 },
    [
      [73.4, 36.4],
      [0.4, 0],
      [0, 0],
      [0, 0],
    ],
  ),
  "pir-at2-ade20k-upernet-convnext-t": recipe(
    "UPerNet-ConvNeXt-T on ADE20K, 2 steps, 128 epochs, robust backbone",
    true,
    { ...adeUperNet, ...convNextT, ...adeLong, attackSteps: 2 },
    [
      [72.0, 34.7],
      [45.9, 15.1],
      [5.9, 1.9],
      [0, 0],
    ],
  ),
  "pir-at5-ade20k-upernet-convnext-t-32": recipe(
    "UPerNet-ConvNeXt-T on ADE20K, 5 steps, 32 epochs, robust backbone",
    true,
    { ...adeUperNet, ...convNextT, ...adeShort, attackSteps: 5 },
    [
      [68.8, 25.2],
      [56.2, 13.7],
      [30.6, 5.0],
      [4.5, 0.6],
    ],
  ),
  "at5-ade20k-upernet-convnext-t": recipe(
    "UPerNet-ConvNeXt-T on ADE20K, 5 steps, 128 epochs, clean backbone",
    false,
    { ...adeUperNet, ...convNextT, ...adeLong, attackSteps: 5 },
    [
      [68.0, 26.1],
      [52.2, 12.8],
      [24.5, 3.3],
      [2.5, 0.2],
    ],
  ),
  "pir-at5-ade20k-upernet-convnext-t": recipe(
    "UPerNet-ConvNeXt-T on ADE20K, 5 steps, 128 epochs, robust backbone",
    true,
    { ...adeUperNet, ...convNextT, ...adeLong, attackSteps: 5 },
    [
      [70.5, 31.7],
      [55.5, 17.2],
      [26.4, 4.9],
      [3.1, 0.4],
    ],
  ),
  "pir-at5-ade20k-upernet-convnext-s": recipe(
    "UPerNet-ConvNeXt-S on ADE20K, 5 steps, 128 epochs, robust backbone",
    true,
    { ...adeUperNet, ...convNextS, ...adeLong, attackSteps: 5 },
    [
      [null, 32.1],
      [56.8, 17.9],
      [28.7, 5.4],
      [3.1, 0.6],
    ],
  ),
  "pir-at5-ade20k-segmenter-s-32": recipe(
    "Segmenter-ViT-S on ADE20K, 5 steps, 32 epochs, robust backbone",
    true,
    { ...adeSegmenter, ...adeShort, attackSteps: 5 },
    [
      [68.1, 26.0],
      [55.5, 14.2],
      [34.2, 5.3],
      [8.7, 0.9],
    ],
  ),
  "at5-ade20k-segmenter-s": recipe(
    "Segmenter-ViT-S on ADE20K, 5 steps, 128 epochs, clean backbone",
    false,
    { ...adeSegmenter, ...adeLong, attackSteps: 5 },
    [
      [67.7, 26.8],
      [49.0, 11.1],
      [25.1, 3.1],
      [4.8, 0.4],
    ],
  ),
  "pir-at5-ade20k-segmenter-s": recipe(
    "Segmenter-ViT-S on ADE20K, 5 steps, 128 epochs, robust backbone",
    true,
    { ...adeSegmenter, ...adeLong, attackSteps: 5 },
    [
      [69.1, 28.7],
      [55.3, 14.9],
      [33.3, 5.3],
      [8.9, 1.1],
    ],
  ),
} satisfies Record<string, Recipe>;

export type RecipeName = keyof typeof recipes;
