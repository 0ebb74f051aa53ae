/** The architectures with the widths and depths of tools/networks_golden.py. */
import { convNext } from "../../src/nn/architectures/convnext.js";
import { mixTransformer } from "../../src/nn/architectures/mit.js";
import { pspNet } from "../../src/nn/architectures/pspnet.js";
import { segFormer } from "../../src/nn/architectures/segformer.js";
import { segmenter } from "../../src/nn/architectures/segmenter.js";
import { swin } from "../../src/nn/architectures/swin.js";
import { uperNet } from "../../src/nn/architectures/upernet.js";

const convNextTiny = { dims: [8, 12, 16, 20], depths: [1, 1, 2, 1], dropPath: 0.4 };
const heads = { channels: 8, auxiliaryChannels: 6 };
const resNet = { width: 2, depths: [1, 2, 1, 1], channels: 8, auxiliaryChannels: 6 };
const segFormerTiny = segFormer(
  "",
  mixTransformer({
    dims: [4, 8, 10, 16],
    depths: [1, 1, 1, 2],
    heads: [1, 2, 5, 8],
    reductions: [8, 4, 2, 1],
    dropPath: 0.1,
  }),
  { channels: 8 },
);
const swinTiny = swin({
  dims: [4, 8, 16, 32],
  depths: [2, 1, 2, 2],
  heads: [1, 2, 2, 4],
  window: 3,
  dropPath: 0.3,
});
/** With the convolutional stem. */
export const convNextCvst = convNext({
  ...convNextTiny,
  stem: [
    { channels: 4, stride: 2 },
    { channels: 8, stride: 2 },
  ],
});

export const segmenterConfig = {
  width: 12,
  depth: 2,
  heads: 3,
  patch: 16,
  grid: 2,
  dropPath: 0.1,
  imagenetClasses: 5,
};

export const tiny = {
  "upernet-cvst": uperNet("", convNextCvst, heads),
  "upernet-cvst-large": uperNet(
    "",
    convNext({
      ...convNextTiny,
      stem: [
        { channels: 4, stride: 2 },
        { channels: 6, stride: 2 },
        { channels: 8, stride: 1 },
      ],
    }),
    heads,
  ),
  "upernet-patch": uperNet("", convNext({ ...convNextTiny, stem: "patch" }), heads),
  "upernet-swin": uperNet("", swinTiny, heads),
  segmenter: segmenter("", segmenterConfig),
  pspnet: pspNet("", { ...resNet, deepStem: false }),
  "pspnet-deep": pspNet("", { ...resNet, deepStem: true }),
  segformer: segFormerTiny,
  "segformer-nvidia": segFormerTiny,
  "segformer-mmsegmentation": segFormerTiny,
};
