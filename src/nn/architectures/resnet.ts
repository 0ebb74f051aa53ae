/** ResNet (He et al. 2016) with dilation in the last two stages, with semseg's parameter names. */
import type { ConvOptions, Net } from "../layers/modules.js";
import { normal } from "../layers/parameters.js";
import type { Activation } from "../layers/scope.js";

export interface ResNetConfig {
  /** Inner channels of the first stage. They double from stage to stage. */
  readonly width: number;
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Whether the stem has three 3×3 convolutions instead of one 7×7. */
  readonly deepStem: boolean;
}

/** Stride and dilation of each stage. The last two stages dilate instead of striding, to keep the resolution. */
const strides = [1, 2, 1, 1];
const dilations = [1, 1, 2, 4];

/** The outputs of the four stages, at strides 4, 8, 8, 8. */
export function resNet(net: Net, image: Activation, config: ResNetConfig): Activation[] {
  const { width, depths } = config;
  // He et al. 2015 ("Kaiming"), by fan-out, for convolutions followed by ReLU.
  const style = { weight: (_: number, fanOut: number) => normal((2 / fanOut) ** 0.5) };
  return net.beginning(style, () => {
    let x = net.maxPool(
      net.within("layer0", () => stem(net, image, config)),
      3,
      2,
      1,
    );
    return depths.map((depth, stage) => {
      const dilation = dilations[stage]!;
      for (let i = 0; i < depth; i++) {
        const options = { channels: width * 2 ** stage, dilation, stride: i === 0 ? strides[stage]! : 1 };
        x = net.within(`layer${stage + 1}.${i}`, () => bottleneck(net, x, options, i === 0));
      }
      return x;
    });
  });
}

function stem(net: Net, image: Activation, { width, deepStem }: ResNetConfig): Activation {
  if (!deepStem)
    return convolved(net, ["0", "1"], image, { channels: width, kernel: 7, stride: 2, padding: 3 });
  const first = convolved(net, ["0", "1"], image, { channels: width, kernel: 3, stride: 2, padding: 1 });
  const second = convolved(net, ["3", "4"], first, { channels: width, kernel: 3, padding: 1 });
  return convolved(net, ["6", "7"], second, { channels: 2 * width, kernel: 3, padding: 1 });
}

interface BottleneckOptions {
  readonly channels: number;
  readonly stride: number;
  readonly dilation: number;
}

function bottleneck(net: Net, x: Activation, options: BottleneckOptions, first: boolean): Activation {
  const { channels, stride, dilation } = options;
  const wide = { channels: 4 * channels, kernel: 1, bias: false };
  let y = convolved(net, ["conv1", "bn1"], x, { channels, kernel: 1 });
  y = convolved(net, ["conv2", "bn2"], y, { channels, kernel: 3, stride, dilation, padding: dilation });
  y = net.batchNorm("bn3", net.conv("conv3", y, wide));
  const shortcut = first
    ? net.batchNorm("downsample.1", net.conv("downsample.0", x, { ...wide, stride }))
    : x;
  return net.relu(net.add(y, shortcut));
}

/** Convolution without a bias, batch normalization, ReLU. */
export function convolved(
  net: Net,
  [conv, norm]: readonly [conv: string, norm: string],
  x: Activation,
  options: ConvOptions,
): Activation {
  return net.relu(net.batchNorm(norm, net.conv(conv, x, { ...options, bias: false })));
}
