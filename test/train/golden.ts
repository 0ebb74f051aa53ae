/** Small networks in training, with PyTorch's gradients; see tools/training_golden.py. */
import { numbersOf, sizeOf, type Tensor } from "../../src/base/index.js";
import { type Architecture, fitWeights, translateCheckpoint } from "../../src/nn/index.js";
import type { OptimizerName } from "../../src/train/graphs/optimizers.js";
import {
  type Batch,
  buildNetwork,
  type NetworkOptions,
  TrainingNetwork,
} from "../../src/train/loop/network.js";
import { initialState, type ParameterLayouts } from "../../src/train/state/state.js";
import { readWeightsFile } from "../../src/weights/index.node.js";

type Tensors = ReadonlyMap<string, Tensor>;

/** The tensors of a file of test/golden. */
export async function tensorsOf(file: string): Promise<Tensors> {
  const { pathname } = new URL(`../golden/${file}`, import.meta.url);
  return (await readWeightsFile(decodeURIComponent(pathname))).tensors;
}

/** The golden images in [0, 1] and labels, rolled `shift` pixels to the right. */
export function batchOf(tensors: Tensors, shift = 0): Batch & { size: [number, number]; count: number } {
  const { dims } = tensors.get("images")!;
  const [count, , height, width] = dims as [number, number, number, number];
  const images = rolled(numbersOf(tensors.get("images")!), width, shift).map((byte) => byte / 255);
  const labels = tensors.get("labels")!;
  const rows = labels.dims.length === 1 ? numbersOf(labels) : rolled(numbersOf(labels), width, shift);
  return {
    ...{ count, size: [height, width] },
    images: Float32Array.from(images),
    labels: BigInt64Array.from(rows, BigInt),
  };
}

function rolled(values: readonly number[], width: number, shift: number): number[] {
  return values.map((_, i) => values[i - (i % width) + (((i % width) - shift + width) % width)]!);
}

/** The network with golden weights, everything that chance could leave out kept. */
export async function openGolden(
  architecture: Architecture,
  weightsFile: string,
  batch: ReturnType<typeof batchOf>,
  classes: number,
  optimizer: OptimizerName = "adamw",
  more: Partial<NetworkOptions> = {},
) {
  const translation = translateCheckpoint(await tensorsOf(weightsFile), architecture.family);
  const { flavour, normalization } = translation.keyMap;
  const options = {
    ...{ size: batch.size, batchSize: batch.count, attacked: batch.count },
    ...{ accumulating: false, seed: 0, ...more },
  };
  const builds = buildNetwork(architecture, options, {
    classes,
    ...(flavour !== undefined && { flavour }),
    ...(normalization !== undefined && { normalization }),
  });
  const certain = {
    ...builds.training,
    noise: builds.training.noise.map((input) => ({ ...input, keep: 1 })),
  };
  const { layouts } = builds;
  const { weights } = fitWeights(certain.parameters, translation);
  const network = await TrainingNetwork.open(
    options,
    { ...builds, training: certain },
    {
      threads: 1,
    },
  );
  return { network, layouts, state: initialState(layouts, weights, optimizer, false) };
}

/** A vector of learned parameters by the names of its tensors. */
export function byName(layouts: ParameterLayouts, vector: Float32Array): Map<string, Float32Array> {
  const entries = layouts.learned.places.map(({ name, shape, offset }) => {
    return [name, vector.subarray(offset, offset + sizeOf(shape))] as const;
  });
  return new Map(entries);
}

/** ‖a − b‖₂ / ‖b‖₂. */
export function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(difference / size);
}

export function norm(values: ArrayLike<number>): number {
  return Math.hypot(...Array.from(values));
}
