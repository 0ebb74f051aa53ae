/** Losses of a large image, computed in bands of rows one after the other. */
import { float32, type Tensor } from "../../base/index.js";
import type { SessionOptions } from "../../runtime/index.js";
import { LossSessions } from "../answers/loss-sessions.js";
import type { Meter } from "../answers/meter.js";
import type { OracleAnswer, OracleOptions, Prediction, Query } from "../answers/oracle.js";
import type { Extent, WindowGrid } from "./grid.js";
import { countsName, meanOfWindows } from "./mean.js";
import type { SlidingModel } from "./network.js";
import { Planes } from "./planes.js";

/** The labels of an image, band by band. */
export type BandLabels = readonly Tensor<"int64">[];

/** Bands of equally many rows. Rows of the last one that lie below the image count nowhere. */
export class Bands {
  readonly rows: number;
  readonly #image: Extent;
  readonly #sums: readonly number[];
  readonly #counts: readonly Tensor<"float32">[];
  readonly #losses: LossSessions;

  constructor(
    { model, image, grid, logitsOfMean }: SlidingModel,
    rows: number,
    options: OracleOptions,
    engine: SessionOptions,
  ) {
    const { width } = image;
    const mean = meanOfWindows(model, { height: rows, width }, image.height * width, logitsOfMean);
    this.rows = rows;
    this.#image = image;
    this.#sums = [1, mean.channels, rows, width];
    this.#counts = countsOf(image, grid, rows).map((counts) => float32([1, 1, rows, width], counts));
    this.#losses = new LossSessions(mean, options, engine);
  }

  /** Labels H·W cut into bands; −1 below the image. */
  cut(labels: ArrayLike<number>): BandLabels {
    const pixels = this.rows * this.#image.width;
    return this.#counts.map((_, band) => ({
      type: "int64",
      dims: [1, pixels],
      data: BigInt64Array.from({ length: pixels }, (_, i) => BigInt(labels[band * pixels + i] ?? -1)),
    }));
  }

  /** Losses and counts of the whole image. The gradient at the sums takes the place of the sums. */
  async evaluate(
    sums: Planes,
    labels: BandLabels,
    query: Query,
    meter: Meter,
  ): Promise<Omit<OracleAnswer, "gradient">> {
    const total = { objective: 0, tracked: 0, correct: 0, score: 0 };
    for (const [i, band] of sums.bands.entries()) {
      const part = query.weights ? { ...query, weights: this.#part(query.weights, i) } : query;
      const answer = await this.#losses.evaluate(meter, this.#at(band, labels[i]!), part, this.#seen(i));
      band.set(answer.gradient);
      total.objective += answer.objective;
      total.tracked += answer.tracked;
      total.correct += answer.correct;
      total.score += answer.score;
    }
    return total;
  }

  /** Classes and counts of the whole image. */
  async predict(
    sums: Planes,
    labels: BandLabels,
    query: Query | undefined,
    meter: Meter,
  ): Promise<Prediction> {
    const pixels = this.#image.height * this.#image.width;
    const classes = new Int32Array(sums.bands.length * this.rows * this.#image.width);
    const total = { correct: 0, undecided: 0, score: 0 };
    let objective: number | undefined;
    const values = query?.loss.weighed ? new Float32Array(classes.length) : undefined;
    for (const [i, band] of sums.bands.entries()) {
      const part = await this.#losses.predict(meter, this.#at(band, labels[i]!), query, this.#seen(i));
      classes.set(part.classes, i * part.classes.length);
      if (part.values) values?.set(part.values, i * part.classes.length);
      total.correct += part.correct;
      total.undecided += part.undecided;
      total.score += part.score;
      if (part.objective !== undefined) objective = (objective ?? 0) + part.objective;
    }
    return {
      ...(objective !== undefined && { objective }),
      classes: classes.subarray(0, pixels),
      ...total,
      ...(values && { values: values.subarray(0, pixels) }),
    };
  }

  dispose(): Promise<void> {
    return this.#losses.dispose();
  }

  /** A band of H·W numbers; 0 below the image. */
  #part(numbers: Float32Array, band: number): Float32Array {
    const pixels = this.rows * this.#image.width;
    const part = new Float32Array(pixels);
    part.set(numbers.subarray(band * pixels, (band + 1) * pixels));
    return part;
  }

  #at(band: Float32Array, labels: Tensor<"int64">) {
    return { image: float32(this.#sums, band), labels };
  }

  #seen(band: number) {
    return { [countsName]: this.#counts[band]! };
  }
}

/** Rows of bands that hold no more pixels than a window, so that their losses take no more memory than a window's. */
export function rowsLikeWindow({ height, width }: Extent, window: Extent): number {
  const most = Math.max(1, Math.floor((window.height * window.width) / width));
  return Math.ceil(height / Math.ceil(height / most));
}

/** How many windows see each pixel, band by band; 1 below the image. */
function countsOf(image: Extent, grid: WindowGrid, rows: number): readonly Float32Array[] {
  const counts = new Planes({ ...image, channels: 1 }, rows);
  const ones = new Float32Array(grid.height * grid.width).fill(1);
  for (const place of grid.places) counts.add(grid, place, ones);
  return counts.bands.map((band) => band.map((count) => Math.max(count, 1)));
}
