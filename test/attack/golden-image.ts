/** The tiny network of the golden attacks, its images, and an oracle that notes what attacks ask. */
import { readFileSync } from "node:fs";
import { readModel } from "../../src/onnx/index.js";
import {
  type ImageOracle,
  type OracleAnswer,
  type OracleOptions,
  openModel,
  type Query,
  type StepFragment,
} from "../../src/oracle/index.js";

export const folder = (name: string) => new URL(`../golden/${name}/`, import.meta.url);
/** A copy: small files lie in a buffer that Node shares among them. */
export const bytes = (place: URL, file: string) => new Uint8Array(readFileSync(new URL(file, place))).buffer;
export const floats = (place: URL, file: string) => new Float32Array(bytes(place, file));
export const images = 2;
const [height, width] = [24, 32];
const features = 3 * height * width;
export const part = (data: Float32Array, i: number) => data.subarray(i * features, (i + 1) * features);

export const pgd = folder("pgd");
const clean = floats(pgd, "image.bin");
const labels = Array.from(new BigInt64Array(bytes(pgd, "labels.bin")), Number);

/** @param change of the image's values; default none */
export async function oracleOf(
  image: number,
  options: OracleOptions,
  change: (value: number) => number = (value) => value,
) {
  const model = await openModel(readModel(readFileSync(new URL("model.onnx", pgd))), {
    size: { height, width },
  });
  const pixels = height * width;
  const own = labels.slice(image * pixels, (image + 1) * pixels);
  return new Recorder(model.oracle(options).image(part(clean, image).map(change), own));
}

/** Keeps what the attack is told at every point. */
export class Recorder implements ImageOracle {
  readonly image: Float32Array;
  readonly labels: ArrayLike<number>;
  readonly channels = 3;
  readonly height = height;
  readonly width = width;
  readonly cost;
  readonly visited: (Pick<OracleAnswer, "correct"> & { point: Float32Array; tracked: number | undefined })[] =
    [];
  readonly stepSizes: number[] = [];
  readonly #oracle: ImageOracle;

  constructor(oracle: ImageOracle) {
    this.#oracle = oracle;
    this.image = oracle.image;
    this.labels = oracle.labels;
    this.cost = oracle.cost;
  }

  async evaluate(point: Float32Array, query: Parameters<ImageOracle["evaluate"]>[1]) {
    const answer = await this.#oracle.evaluate(point, query);
    this.visited.push({ point, tracked: answer.tracked, correct: answer.correct });
    return answer;
  }

  async predict(point: Float32Array, query?: Query) {
    const answer = await this.#oracle.predict(point, query);
    this.visited.push({ point, tracked: undefined, correct: answer.correct });
    return answer;
  }

  step<T extends string, S extends string>(
    step: StepFragment<T, S>,
    tensors: Record<T, Float32Array>,
    scalars: Record<S, number>,
  ) {
    if ("stepSize" in scalars) this.stepSizes.push(scalars.stepSize as number);
    return this.#oracle.step(step, tensors, scalars);
  }
}
