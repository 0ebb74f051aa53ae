/** PSPNet (Zhao et al. 2017) on ResNet at output stride 8, with semseg's parameter names, as in the PIR-AT paper. */
import { SeawallError } from "../../base/index.js";
import type { Net } from "../layers/modules.js";
import { pytorchUniform } from "../layers/parameters.js";
import type { Activation } from "../layers/scope.js";
import { type Architecture, sizeOfImage, type Variant } from "./architecture.js";
import { convolved, type ResNetConfig, resNet } from "./resnet.js";

export interface PspNetConfig extends ResNetConfig {
  /** Inner channels of the segmentation head, and of the auxiliary head. */
  readonly channels: number;
  readonly auxiliaryChannels: number;
}

const poolSizes = [1, 2, 3, 6];
const dropout = 0.1;

export function pspNet(summary: string, config: PspNetConfig): Architecture {
  return {
    summary,
    family: "pspnet",
    size: [473, 473],
    classes: 21,
    normalization: "none",
    classifier: "cls.4.weight",
    write: (net, image, variant) => write(net, image, config, variant),
  };
}

function write(net: Net, image: Activation, config: PspNetConfig, { classes, auxiliary }: Variant) {
  const size = sizeOfImage(image);
  requireEighths(size);
  const [, , third, fourth] = resNet(net, image, config) as [Activation, Activation, Activation, Activation];
  return net.beginning({ weight: pytorchUniform, bias: pytorchUniform }, () => {
    const pooled = net.within("ppm", () => pyramidPooling(net, fourth));
    const logits = net.within("cls", () => head(net, pooled, config.channels, classes));
    return {
      logits: net.interpolate(logits, size, true),
      auxiliary: net.optional(auxiliary, () => {
        const coarse = net.within("aux", () => head(net, third, config.auxiliaryChannels, classes));
        return net.interpolate(coarse, size, true);
      }),
    };
  });
}

/** The input, concatenated with its averages over 1×1, 2×2, 3×3 and 6×6 windows. */
function pyramidPooling(net: Net, x: Activation): Activation {
  const channels = x.dims[0]! / poolSizes.length;
  const branches = poolSizes.map((size, i) =>
    net.within(`features.${i}`, () => {
      const mean = convolved(net, ["1", "2"], net.adaptiveAveragePool(x, size), { channels, kernel: 1 });
      return net.interpolate(mean, sizeOfImage(x), true);
    }),
  );
  return net.concat([x, ...branches]);
}

function head(net: Net, x: Activation, channels: number, classes: number): Activation {
  const y = convolved(net, ["0", "1"], x, { channels, kernel: 3, padding: 1 });
  return net.conv("4", net.dropout2d(y, dropout), { channels: classes, kernel: 1 });
}

/** Interpolation with aligned corners keeps every eighth pixel on the coarse grid only if the sides are 8n + 1. */
function requireEighths([height, width]: readonly [number, number]): void {
  if (height % 8 === 1 && width % 8 === 1 && height > 1 && width > 1) return;
  const near = (side: number) => 8 * Math.max(1, Math.round((side - 1) / 8)) + 1;
  throw new SeawallError(
    "config",
    `image size ${height}x${width}: PSPNet needs sides of 8n + 1 pixels; the nearest are ${near(height)}x${near(width)}`,
  );
}
