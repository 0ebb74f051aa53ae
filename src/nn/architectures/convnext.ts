/** ConvNeXt (Liu et al. 2022), with its patch stem or with the convolutional stem ("CvSt") of Singh et al. 2023. */
import type { Net } from "../layers/modules.js";
import type { Activation, InitialStyle } from "../layers/scope.js";
import type { Backbone } from "./architecture.js";

export interface ConvNextConfig {
  /** Channels of each stage. */
  readonly dims: readonly number[];
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** `patch`: one 4×4 convolution of stride 4. A list: 3×3 convolutions with these channels and strides. */
  readonly stem: "patch" | readonly { readonly channels: number; readonly stride: number }[];
  /** Probability that training leaves out a block's branch: 0 in the first block, growing linearly to this in the last. */
  readonly dropPath: number;
  readonly initial?: Partial<InitialStyle>;
}

const epsilon = 1e-6;

export function convNext(config: ConvNextConfig): Backbone {
  return {
    name: "backbone",
    family: "upernet",
    // Published networks with the convolutional stem were trained without normalization, those with the patch stem with.
    normalization: config.stem === "patch" ? "imagenet" : "none",
    initial: config.initial,
    write: (net, image) => net.within("backbone", () => write(net, image, config)),
  };
}

/** The normalized outputs of all stages, at strides 4, 8, 16, 32. */
function write(net: Net, image: Activation, config: ConvNextConfig): Activation[] {
  const blocks = config.depths.reduce((sum, depth) => sum + depth, 0);
  let done = 0;
  let x = image;
  return config.dims.map((channels, stage) => {
    x = net.within(`downsample_layers.${stage}`, () =>
      stage === 0 ? stem(net, x, config) : downsample(net, x, channels),
    );
    for (let i = 0; i < config.depths[stage]!; i++) {
      const rate = (config.dropPath * done++) / Math.max(1, blocks - 1);
      x = net.within(`stages.${stage}.${i}`, () => block(net, x, rate));
    }
    // Only the output is normalized; the next stage reads x.
    return net.layerNorm2d(`norm${stage}`, x, epsilon);
  });
}

function stem(net: Net, image: Activation, { stem, dims }: ConvNextConfig): Activation {
  if (stem === "patch") {
    return net.layerNorm2d("1", net.conv("0", image, { channels: dims[0]!, kernel: 4, stride: 4 }), epsilon);
  }
  // Parameter names count positions in a PyTorch Sequential: convolution, norm, activation, and so on.
  return net.within("stem", () =>
    stem.reduce((x, { channels, stride }, i) => {
      const y = net.conv(`${3 * i}`, x, { channels, kernel: 3, stride, padding: 1 });
      return net.gelu(net.layerNorm2d(`${3 * i + 1}`, y, epsilon));
    }, image),
  );
}

function downsample(net: Net, x: Activation, channels: number): Activation {
  return net.conv("1", net.layerNorm2d("0", x, epsilon), { channels, kernel: 2, stride: 2 });
}

function block(net: Net, x: Activation, rate: number): Activation {
  const [channels] = x.dims as [number];
  let y = net.conv("dwconv", x, { channels, kernel: 7, padding: 3, groups: channels });
  y = net.layerNorm("norm", net.channelsLast(y), epsilon);
  y = net.linear("pwconv2", net.gelu(net.linear("pwconv1", y, 4 * channels)), channels);
  y = net.channelsFirst(net.scale("gamma", y));
  return net.add(x, net.dropPath(y, rate));
}
