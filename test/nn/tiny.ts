/** The architectures with the widths and depths of tools/networks_golden.py. */
import { uperNet } from "../../src/nn/upernet.js";

const convNext = { dims: [8, 12, 16, 20], depths: [1, 1, 2, 1], dropPath: 0.4 };
const heads = { channels: 8, auxiliaryChannels: 6 };

export const tiny = {
  "upernet-cvst": uperNet("", {
    ...convNext,
    ...heads,
    stem: [
      { channels: 4, stride: 2 },
      { channels: 8, stride: 2 },
    ],
  }),
  "upernet-cvst-large": uperNet("", {
    ...convNext,
    ...heads,
    stem: [
      { channels: 4, stride: 2 },
      { channels: 6, stride: 2 },
      { channels: 8, stride: 1 },
    ],
  }),
  "upernet-patch": uperNet("", { ...convNext, ...heads, stem: "patch" }),
};
