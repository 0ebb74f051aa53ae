/**
 * The network of the corpus a second time, as loops over numbers in float64: it shares no code with the product. Its
 * gradient is that of central differences.
 */
import { randomStream } from "../../src/base/index.js";

export const [height, width, classes, hidden] = [6, 8, 4, 6];
export const pixels = height * width;

/** An image C×H×W to logits K×H×W, row by row. */
export type Network = (image: Float64Array) => Float64Array;

/** Weights with few bits, so that float16 holds them exactly. */
function weights(key: string, count: number): number[] {
  return Array.from(
    randomStream("corpus", key).uniform(count, -1, 1),
    (value) => Math.round(32 * value) / 32,
  );
}

/** A 3×3 kernel and a 1×1 kernel, with biases, for images of `channels` channels. */
export function weightsFor(channels: number, outputs = classes) {
  return {
    first: weights(`first ${channels}`, hidden * channels * 9),
    firstBias: weights("first bias", hidden),
    second: weights(`second ${outputs}`, outputs * hidden),
    secondBias: weights(`second bias ${outputs}`, outputs),
  };
}

/** Convolution 3×3 without its activation, H×6 maps. */
export function firstLayer(image: Float64Array, channels: number): Float64Array {
  const { first, firstBias } = weightsFor(channels);
  const maps = new Float64Array(hidden * pixels);
  for (let o = 0; o < hidden; o++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = firstBias[o]!;
        for (let c = 0; c < channels; c++) {
          for (let dy = -1; dy <= 1; dy++) {
            for (let dx = -1; dx <= 1; dx++) {
              const [row, column] = [y + dy, x + dx];
              if (row < 0 || column < 0 || row >= height || column >= width) continue;
              const kernel = first[((o * channels + c) * 3 + dy + 1) * 3 + dx + 1]!;
              sum += kernel * image[(c * height + row) * width + column]!;
            }
          }
        }
        maps[(o * height + y) * width + x] = sum;
      }
    }
  }
  return maps;
}

/** Convolution 1×1 of the maps to logits. */
export function secondLayer(maps: Float64Array, channels: number, outputs = classes): Float64Array {
  const { second, secondBias } = weightsFor(channels, outputs);
  return Float64Array.from({ length: outputs * pixels }, (_, i) => {
    const [k, pixel] = [Math.floor(i / pixels), i % pixels];
    let sum = secondBias[k]!;
    for (let c = 0; c < hidden; c++) sum += second[k * hidden + c]! * maps[c * pixels + pixel]!;
    return sum;
  });
}

/** The network of the corpus: convolution 3×3, tanh, convolution 1×1. */
export function network(channels = 3, outputs = classes): Network {
  return (image) => secondLayer(firstLayer(image, channels).map(Math.tanh), channels, outputs);
}

/** Logits (0, u) of one channel u. */
export function binary(one: Network): Network {
  return (image) => {
    const logits = new Float64Array(2 * pixels);
    logits.set(one(image), pixels);
    return logits;
  };
}

/** Mean cross-entropy over the pixels. */
export function crossEntropy(logits: Float64Array, labels: ArrayLike<number>): number {
  const count = logits.length / pixels;
  let total = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const scores = Array.from({ length: count }, (_, k) => logits[k * pixels + pixel]!);
    total += Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) - scores[labels[pixel]!]!;
  }
  return total / pixels;
}

/** The gradient of the cross-entropy, by central differences. */
export function differences(of: Network, image: Float64Array, labels: ArrayLike<number>): Float64Array {
  const step = 1e-4;
  const at = (i: number, by: number) => {
    const moved = Float64Array.from(image);
    moved[i] = moved[i]! + by;
    return crossEntropy(of(moved), labels);
  };
  return image.map((_, i) => (at(i, step) - at(i, -step)) / (2 * step));
}

/** Bilinear resizing of maps h×w to the image, centres of pixels aligned. */
export function resized(maps: Float64Array, h: number, w: number): Float64Array {
  const count = maps.length / (h * w);
  const along = (place: number, from: number, to: number) => {
    const position = Math.min(Math.max(((place + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.min(Math.floor(position), from - 1);
    return { low, high: Math.min(low + 1, from - 1), part: position - low };
  };
  return Float64Array.from({ length: count * pixels }, (_, i) => {
    const [k, y, x] = [Math.floor(i / pixels), Math.floor((i % pixels) / width), i % width];
    const [row, column] = [along(y, h, height), along(x, w, width)];
    const at = (r: number, c: number) => maps[(k * h + r) * w + c]!;
    const line = (r: number) => at(r, column.low) * (1 - column.part) + at(r, column.high) * column.part;
    return line(row.low) * (1 - row.part) + line(row.high) * row.part;
  });
}
