/** The Swin transformer (Liu et al. 2021). Parameter names of the Hugging Face hub. */

import type { Net } from "../layers/modules.js";
import type { Activation, InitialStyle } from "../layers/scope.js";
import { imageDims } from "../layers/shapes.js";
import type { Backbone, Normalization } from "./architecture.js";

export interface SwinConfig {
  /** Channels, blocks and attention heads of each stage. */
  readonly dims: readonly number[];
  readonly depths: readonly number[];
  readonly heads: readonly number[];
  /** Side of the square windows in which tokens attend to each other, in tokens. */
  readonly window: number;
  /** Probability that training leaves out a block's branch: 0 in the first block, growing linearly to this in the last. */
  readonly dropPath: number;
  /** Default: `imagenet`, as in all published checkpoints. */
  readonly normalization?: Normalization;
  readonly initial?: Partial<InitialStyle>;
}

const epsilon = 1e-5;
const patch = 4;

export function swin(config: SwinConfig): Backbone {
  return {
    name: "backbone",
    family: "upernet-swin",
    normalization: config.normalization ?? "imagenet",
    initial: config.initial,
    write: (net, image) => net.within("backbone", () => write(net, image, config)),
  };
}

/** The normalized outputs of all stages, at strides 4, 8, 16, 32. Between them a map of tokens is [height, width, channels]. */
function write(net: Net, image: Activation, config: SwinConfig): Activation[] {
  const { dims, depths, heads, window, dropPath } = config;
  const blocks = depths.reduce((sum, depth) => sum + depth, 0);
  let done = 0;
  let x = net.within("embeddings", () => patches(net, image, dims[0]!));
  return dims.map((channels, stage) => {
    if (stage > 0) {
      x = net.within(`encoder.layers.${stage - 1}.downsample`, () => merged(net, x, channels));
    }
    const shift = shifted(net, x, window);
    for (let i = 0; i < depths[stage]!; i++) {
      const rate = (dropPath * done++) / Math.max(1, blocks - 1);
      const options = { heads: heads[stage]!, window, rate, shift: i % 2 === 0 ? undefined : shift };
      x = net.within(`encoder.layers.${stage}.blocks.${i}`, () => block(net, x, options));
    }
    // Only the output is normalized; the next stage reads x.
    return net.channelsFirst(net.layerNorm(`hidden_states_norms.stage${stage + 1}`, x, epsilon));
  });
}

/** One token for each patch of 4×4 pixels. */
function patches(net: Net, image: Activation, channels: number): Activation {
  const [colours, height, width] = imageDims(image);
  const whole = net.pad(image, [colours, multipleOf(patch, height), multipleOf(patch, width)]);
  const cut = net.conv("patch_embeddings.projection", whole, { channels, kernel: patch, stride: patch });
  return net.layerNorm("norm", net.channelsLast(cut), epsilon);
}

/** One token for each 2×2 tokens: their channels one after another, down the columns, then normalized and projected. */
function merged(net: Net, x: Activation, width: number): Activation {
  const [height, columns, channels] = imageDims(x).map((n, axis) => (axis < 2 ? multipleOf(2, n) : n));
  const size = [height! / 2, columns! / 2] as const;
  const whole = net.pad(x, [height!, columns!, channels!]);
  const squares = net.permute(net.reshape(whole, [size[0], 2, size[1], 2, channels!]), [0, 2, 3, 1, 4]);
  const joined = net.reshape(squares, [...size, 4 * channels!]);
  return net.linear("reduction", net.layerNorm("norm", joined, epsilon), width, { bias: false });
}

/** A cyclic shift of the map, and the mask that keeps parts of a window apart that the shift has brought together. */
interface Shift {
  readonly steps: number;
  readonly mask: Activation;
}

interface BlockOptions {
  readonly heads: number;
  readonly window: number;
  /** Undefined: windows as they lie in the map. */
  readonly shift: Shift | undefined;
  readonly rate: number;
}

/**
 * A pre-norm transformer block: attention within windows, then two linear layers. Training leaves out either branch, as
 * the authors' and mmsegmentation's does; transformers' leaves out the first alone.
 */
function block(net: Net, x: Activation, options: BlockOptions): Activation {
  const channels = x.dims[2]!;
  const attended = windowAttention(net, net.layerNorm("layernorm_before", x, epsilon), options);
  const y = net.add(x, net.dropPath(attended, options.rate, "drop_path1"));
  const second = net.layerNorm("layernorm_after", y, epsilon);
  const inner = net.gelu(net.linear("intermediate.dense", second, 4 * channels));
  return net.add(y, net.dropPath(net.linear("output.dense", inner, channels), options.rate, "drop_path2"));
}

/** Zeros fill the map to whole windows. They are attended to like other tokens, as in all implementations. */
function windowAttention(net: Net, x: Activation, options: BlockOptions): Activation {
  const { heads, window, shift } = options;
  const steps = shift?.steps ?? 0;
  const [height, width, channels] = imageDims(x);
  const whole = [multipleOf(window, height), multipleOf(window, width), channels] as const;
  const tokens = toWindows(net, rolled(net, net.pad(x, whole), -steps), window);
  const mixed = net.within("attention", () => {
    const [q, k, v] = ["query", "key", "value"].map((name) => net.linear(`self.${name}`, tokens, channels));
    const positions = net.relativePositionBias("self.relative_position_bias_table", window, heads);
    const bias = shift ? net.add(shift.mask, positions) : positions;
    return net.linear("output.dense", net.attention(q!, k!, v!, heads, { bias }), channels);
  });
  return net.crop(rolled(net, fromWindows(net, mixed, whole), steps), x.dims);
}

function rolled(net: Net, x: Activation, steps: number): Activation {
  return net.roll(net.roll(x, 0, steps), 1, steps);
}

/** [height, width, channels] → [windows, window², channels], rows of windows one after another. */
function toWindows(net: Net, x: Activation, window: number): Activation {
  const [height, width, channels] = imageDims(x);
  const [rows, columns] = [height / window, width / window];
  const cut = net.permute(net.reshape(x, [rows, window, columns, window, channels]), [0, 2, 1, 3, 4]);
  return net.reshape(cut, [rows * columns, window ** 2, channels]);
}

/** The inverse of `toWindows`, to a map of these dims. */
function fromWindows(net: Net, x: Activation, dims: readonly [number, number, number]): Activation {
  const [height, width, channels] = dims;
  const window = Math.sqrt(x.dims[1]!);
  const [rows, columns] = [height / window, width / window];
  const cut = net.reshape(x, [rows, columns, window, window, channels]);
  return net.reshape(net.permute(cut, [0, 2, 1, 3, 4]), dims);
}

/** The shift by half a window of a map of x's size. What comes from the other end of the map must not be attended to. */
function shifted(net: Net, x: Activation, window: number): Shift {
  const steps = Math.floor(window / 2);
  const [height, width] = imageDims(x).map((n) => multipleOf(window, n)) as [number, number];
  /** 0: before the last window. In the last window, 1 before and 2 after the end of the map. */
  const part = (at: number, length: number) => (at < length - window ? 0 : at < length - steps ? 1 : 2);
  const cells = Array.from({ length: window ** 2 }, (_, i) => [Math.floor(i / window), i % window] as const);
  const corners = Array.from({ length: (height * width) / window ** 2 }, (_, i) => {
    const columns = width / window;
    return [window * Math.floor(i / columns), window * (i % columns)] as const;
  });
  const kinds = corners.map(([top, left]) =>
    cells.map(([y, x]) => 3 * part(top + y, height) + part(left + x, width)),
  );
  return { steps, mask: net.separating(kinds) };
}

function multipleOf(step: number, n: number): number {
  return step * Math.ceil(n / step);
}
