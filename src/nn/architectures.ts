/** The architectures, by name. */
import type { Architecture } from "./architecture.js";
import { uperNet } from "./upernet.js";

const convNextT = { dims: [96, 192, 384, 768], depths: [3, 3, 9, 3], dropPath: 0.4 };
const convNextS = { dims: [96, 192, 384, 768], depths: [3, 3, 27, 3], dropPath: 0.3 };
const convNextB = { dims: [128, 256, 512, 1024], depths: [3, 3, 27, 3], dropPath: 0.4 };
const convNextL = { dims: [192, 384, 768, 1536], depths: [3, 3, 27, 3], dropPath: 0.4 };
const heads = { channels: 512, auxiliaryChannels: 256 };

/** Two convolutions of stride 2 ("CvSt") for T and S. */
const smallStem = [
  { channels: 48, stride: 2 },
  { channels: 96, stride: 2 },
];
/** Two of stride 2 and one of stride 1, for B and L. */
const largeStem = (channels: number) => [
  { channels, stride: 2 },
  { channels: 1.5 * channels, stride: 2 },
  { channels: 2 * channels, stride: 1 },
];

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
} satisfies Record<string, Architecture>;

export type ArchitectureName = keyof typeof architectures;
