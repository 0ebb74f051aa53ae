/** Layers with parameters. Architectures call them as PyTorch modules are called; each writes standard operators. */
import { SeawallError, sizeOf } from "../../base/index.js";
import { float, type Value } from "../../onnx/index.js";
import { constant, type Initial, normal } from "./parameters.js";
import type { Activation } from "./scope.js";
import { broadcast, imageDims, Shapes, windows } from "./shapes.js";

/** Options of a convolution. Kernel, stride, padding and dilation apply to height and width. */
export interface ConvOptions {
  readonly channels: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
  readonly groups?: number;
  readonly bias?: boolean;
}

export interface AttentionOptions {
  /** Added to the scores [..., heads, L, M] before the softmax. */
  readonly bias?: Activation;
  /** Probability that training leaves out an attention weight. */
  readonly dropout?: number;
}

/** PyTorch's defaults. `momentum` is the weight of the batch's statistics in the running ones. */
const batchNorm = { momentum: 0.1, epsilon: 1e-5 } as const;

/** A network being written. A layer with parameters takes its name as first argument. Images are [C, H, W]. */
export class Net extends Shapes {
  /** Cross-correlation of an image; weight [channels, C/groups, kernel, kernel]. */
  conv(name: string, x: Activation, options: ConvOptions): Activation {
    const { channels, kernel, stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options;
    const [from, ...size] = imageDims(x);
    const reach = dilation * (kernel - 1) + 1;
    const dims = [channels, ...size.map((n) => windows(n + 2 * padding, reach, stride))];
    const fanIn = (from / groups) * kernel ** 2;
    return this.within(name, () => {
      const weight = this.weight("weight", [channels, from / groups, kernel, kernel]);
      const inputs = bias ? [x.value, weight, this.bias("bias", channels, fanIn)] : [x.value, weight];
      const value = this.op("Conv", inputs, {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
        dilations: [dilation, dilation],
        group: groups,
      });
      return { value: this.spend(value, sizeOf(dims) * fanIn), dims };
    });
  }

  /** y = x Wᵀ + b over the last axis; weight [width, fan-in]. */
  linear(name: string, x: Activation, width: number, { bias = true } = {}): Activation {
    const from = x.dims.at(-1)!;
    return this.within(name, () => {
      const weight = this.op("Transpose", [this.weight("weight", [width, from])], { perm: [1, 0] });
      const product = this.matmul(x, { value: weight, dims: [from, width] });
      if (!bias) return product;
      return { ...product, value: this.op("Add", [product.value, this.bias("bias", width, from)]) };
    });
  }

  matmul(a: Activation, b: Activation): Activation {
    const dims = [...a.dims.slice(0, -1), b.dims.at(-1)!];
    const value = this.op("MatMul", [a.value, b.value]);
    return { value: this.spend(value, sizeOf(dims) * a.dims.at(-1)!), dims };
  }

  /** x P with a learned matrix P [fan-in, width], without a bias. */
  project(name: string, x: Activation, width: number, initial: Initial): Activation {
    const dims = [x.dims.at(-1)!, width];
    return this.matmul(x, { value: this.parameter(name, dims, "weight", initial), dims });
  }

  /** Learned tokens [tokens, width], the same for all images. In checkpoints they are [1, tokens, width]. */
  embedding(
    name: string,
    tokens: number,
    width: number,
    initial: Initial,
    kind: "embedding" | "position" = "embedding",
  ): Activation {
    return { value: this.parameter(name, [1, tokens, width], kind, initial), dims: [tokens, width] };
  }

  /** x times a learned factor for each element of the last axis. Initial factors are 1. */
  scale(name: string, x: Activation): Activation {
    const factor = this.parameter(name, [x.dims.at(-1)!], "scale", constant(1));
    return { ...x, value: this.op("Mul", [x.value, factor]) };
  }

  /** Normalizes the last axis to mean 0 and (biased) variance 1, then applies a learned factor and offset. */
  layerNorm(name: string, x: Activation, epsilon: number): Activation {
    return this.within(name, () => this.#normalize(x, epsilon));
  }

  /** Layer normalization of an image's channels, pixel by pixel. */
  layerNorm2d(name: string, x: Activation, epsilon: number): Activation {
    return this.within(name, () => this.channelsFirst(this.#normalize(this.channelsLast(x), epsilon)));
  }

  #normalize(x: Activation, epsilon: number): Activation {
    const inputs = [x.value, ...this.#affine(x.dims.at(-1)!)];
    return { ...x, value: this.op("LayerNormalization", inputs, { axis: -1, epsilon: float(epsilon) }) };
  }

  #affine(width: number): [weight: Value, bias: Value] {
    const weight = this.parameter("weight", [width], "norm", constant(1));
    return [weight, this.parameter("bias", [width], "norm", constant(0))];
  }

  /** Normalizes an image's channels: by running statistics in inference, by the batch's in training. */
  batchNorm(name: string, x: Activation): Activation {
    const [channels] = imageDims(x);
    return this.within(name, () => {
      const [weight, bias] = this.#affine(channels);
      const mean = this.parameter("running_mean", [channels], "statistic", constant(0));
      const variance = this.parameter("running_var", [channels], "statistic", constant(1));
      this.parameter("num_batches_tracked", [], "counter", constant(0));
      if (this.training) return this.#normalizeBatch(x, { weight, bias, mean, variance });
      const inputs = [x.value, weight, bias, mean, variance];
      return { ...x, value: this.op("BatchNormalization", inputs, { epsilon: float(batchNorm.epsilon) }) };
    });
  }

  #normalizeBatch(
    x: Activation,
    { weight, bias, mean, variance }: Record<BatchNormInput, Value>,
  ): Activation {
    const [channels, height, width] = imageDims(x);
    const axes = this.build.ints([0, 2, 3]);
    const perChannel = (value: Value) => this.op("Reshape", [value, this.build.ints([1, channels, 1, 1])]);
    const batchMean = this.op("ReduceMean", [x.value, axes]);
    const centred = this.op("Sub", [x.value, batchMean]);
    const batchVariance = this.op("ReduceMean", [this.op("Mul", [centred, centred]), axes]);
    const deviation = this.op("Sqrt", [this.op("Add", [batchVariance, batchNorm.epsilon])]);
    const scaled = this.op("Mul", [this.op("Div", [centred, deviation]), perChannel(weight)]);
    // As PyTorch: biased variance (n) for normalizing, unbiased (n − 1) for the running estimate.
    const n = this.#countOf(height * width);
    this.#follow("running_mean", mean, batchMean, 1);
    this.#follow("running_var", variance, batchVariance, n / (n - 1));
    return { ...x, value: this.op("Add", [scaled, perChannel(bias)]) };
  }

  #follow(name: string, running: Value, batch: Value, factor: number): void {
    const flat = this.op("Reshape", [batch, this.build.ints([-1])]);
    const kept = this.op("Mul", [running, 1 - batchNorm.momentum]);
    this.update(name, this.op("Add", [kept, this.op("Mul", [flat, batchNorm.momentum * factor])]));
  }

  /** The number of values of a channel in a batch. */
  #countOf(pixels: number): number {
    if (typeof this.batch !== "number") {
      throw new SeawallError(
        "usage",
        `batch "${this.batch}": a training graph needs a fixed number of images`,
      );
    }
    if (this.batch * pixels > 1) return this.batch * pixels;
    throw new SeawallError(
      "config",
      "batch size 1: batch normalization needs more than one value per channel, for the variance; train with at least 2 images per step",
    );
  }

  /** The exact GELU, by the error function. */
  gelu = (x: Activation): Activation => ({ ...x, value: this.op("Gelu", [x.value]) });
  relu = (x: Activation): Activation => ({ ...x, value: this.op("Relu", [x.value]) });

  /** The sum. Axes of length 1, and first axes that one of the two lacks, are repeated. */
  add(a: Activation, b: Activation): Activation {
    return { value: this.op("Add", [a.value, b.value]), dims: broadcast(a.dims, b.dims) };
  }

  /** Each row divided by its Euclidean length. */
  unitRows(x: Activation): Activation {
    const lengths = this.op("ReduceL2", [x.value, this.build.ints([-1])]);
    return { ...x, value: this.op("Div", [x.value, lengths]) };
  }

  /**
   * Multi-head attention of queries [..., L, W] over keys and values [..., M, W], with scale 1/√(W / heads). Axes before
   * the tokens count groups that do not see each other.
   */
  attention(
    q: Activation,
    k: Activation,
    v: Activation,
    heads: number,
    { bias, dropout = 0 }: AttentionOptions = {},
  ): Activation {
    const scaled = { ...q, value: this.op("Mul", [q.value, (q.dims.at(-1)! / heads) ** -0.5]) };
    const products = this.matmul(this.#heads(scaled, heads, [1, 0, 2]), this.#heads(k, heads, [1, 2, 0]));
    const scores = bias ? this.add(products, bias) : products;
    const weights = { ...scores, value: this.op("Softmax", [scores.value], { axis: -1 }) };
    const kept = this.dropout(weights, dropout, "attention_dropout");
    const mixed = this.matmul(kept, this.#heads(v, heads, [1, 0, 2]));
    return this.reshape(this.#permuteLast(mixed, [1, 0, 2]), q.dims);
  }

  /** Splits the width into heads, then reorders the axes (tokens, heads, width of a head). */
  #heads(x: Activation, heads: number, axes: readonly number[]): Activation {
    const width = x.dims.at(-1)!;
    return this.#permuteLast(this.reshape(x, [...x.dims.slice(0, -1), heads, width / heads]), axes);
  }

  /** Reorders the last three axes. */
  #permuteLast(x: Activation, axes: readonly number[]): Activation {
    const outer = x.dims.length - 3;
    return this.permute(x, [...x.dims.slice(0, outer).keys(), ...axes.map((axis) => outer + axis)]);
  }

  /**
   * An attention bias [heads, side², side²] for the cells of a square window, row by row: one learned number for each head
   * and each offset from key to query, dy from −(side − 1) to side − 1 and dx likewise; parameter [(2 side − 1)², heads].
   */
  relativePositionBias(name: string, side: number, heads: number): Activation {
    const offsets = 2 * side - 1;
    const table = this.parameter(name, [offsets ** 2, heads], "embedding", normal(0.02));
    const cells = Array.from({ length: side ** 2 }, (_, i) => [Math.floor(i / side), i % side] as const);
    const rows = cells.flatMap(([y, x]) =>
      cells.map(([keyY, keyX]) => (y - keyY + side - 1) * offsets + x - keyX + side - 1),
    );
    const picked = this.op("Gather", [table, this.build.ints(rows)], { axis: 0 });
    const perHead = this.op("Transpose", [picked], { perm: [1, 0] });
    const dims = [heads, side ** 2, side ** 2];
    return { value: this.op("Reshape", [perHead, this.build.ints(dims)]), dims };
  }

  /** Stochastic depth: in training, an image's whole branch is left out with probability `rate`. */
  dropPath(x: Activation, rate: number, name = "drop_path"): Activation {
    return this.#thinned(
      x,
      rate,
      name,
      x.dims.map(() => 1),
    );
  }

  /** In training, each element is left out with probability `rate`. */
  dropout(x: Activation, rate: number, name = "dropout"): Activation {
    return this.#thinned(x, rate, name, x.dims);
  }

  /** In training, each channel of each image is left out with probability `rate`. */
  dropout2d(x: Activation, rate: number, name = "dropout"): Activation {
    return this.#thinned(x, rate, name, [x.dims[0]!, 1, 1]);
  }

  #thinned(x: Activation, rate: number, name: string, dims: readonly number[]): Activation {
    if (!this.training || rate === 0) return x;
    return { ...x, value: this.op("Mul", [x.value, this.noiseInput(name, dims, 1 - rate)]) };
  }
}

type BatchNormInput = "weight" | "bias" | "mean" | "variance";
