/** Small networks with known weights, logits and gradients; see tools/networks_golden.py. */
import { float32, numbersOf, sizeOf, type Tensor } from "../../src/base/index.js";
import {
  type Architecture,
  type BuildOptions,
  build,
  fitWeights,
  translateCheckpoint,
  withWeights,
} from "../../src/nn/index.js";
import type { Graph } from "../../src/onnx/index.js";
import { readWeightsFile } from "../../src/weights/index.node.js";
import { evaluate, withGradients } from "../helpers/gradients.js";

/** The tensors of a file in test/golden/nn. */
export async function goldenTensors(file: string): Promise<ReadonlyMap<string, Tensor>> {
  const { pathname } = new URL(`../golden/nn/${file}`, import.meta.url);
  return (await readWeightsFile(decodeURIComponent(pathname))).tensors;
}

export interface Golden {
  /** 1×3×H×W in [0, 1]. */
  readonly image: Tensor;
  readonly size: readonly [number, number];
  readonly classes: number;
  readonly logits: Float32Array;
  readonly grad: Float32Array;
  readonly auxiliary: Float32Array | undefined;
}

export async function golden(name: string): Promise<Golden> {
  const tensors = await goldenTensors(`${name}.safetensors`);
  const pixels = tensors.get("image")!;
  const logits = tensors.get("logits")!;
  const [, height, width] = pixels.dims as [number, number, number];
  return {
    image: float32(
      [1, ...pixels.dims],
      numbersOf(pixels).map((byte) => byte / 255),
    ),
    size: [height, width],
    classes: logits.dims[0]!,
    logits: logits.data as Float32Array,
    grad: tensors.get("grad")!.data as Float32Array,
    auxiliary: tensors.get("auxiliary")?.data as Float32Array | undefined,
  };
}

/** The network of a golden case, with the weights of a file loaded strictly. */
export async function goldenNetwork(
  architecture: Architecture,
  file: string,
  { classes, size }: Golden,
  options: Partial<BuildOptions> = {},
): Promise<Graph> {
  const translation = translateCheckpoint(await goldenTensors(file), architecture.family);
  const { flavour, normalization } = translation.keyMap;
  const built = build(architecture, {
    classes,
    size,
    batch: 1,
    ...(flavour !== undefined && { flavour }),
    ...(normalization !== undefined && { normalization }),
    ...options,
  });
  return withWeights(built, fitWeights(built.parameters, translation).weights);
}

/** Logits, and the gradient of Σ logits · cos(index) with respect to the image. */
export async function logitsAndGradient(graph: Graph, image: Tensor) {
  const { logits } = await evaluate(graph, { image });
  const size = sizeOf(logits!.dims);
  const seed = float32(
    logits!.dims,
    Float32Array.from({ length: size }, (_, i) => Math.cos(i)),
  );
  const extended = await withGradients(graph, { image }, { seeds: { logits: seed }, wrt: ["image"] });
  const results = await evaluate(extended, { image });
  return { logits: logits!.data as Float32Array, grad: results["grad/image"]!.data as Float32Array };
}

/** The largest difference, relative to the range of the expected values. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = actual.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i]! - expected[i]!);
    difference = Math.max(distance, difference);
    low = Math.min(low, expected[i]!);
    high = Math.max(high, expected[i]!);
  }
  return difference / (high - low);
}
