/**
 * Answers about images that a network sees window by window: the mean over overlapping windows is scored and attacked.
 * Memory is that of one window, beside arrays of the image's size.
 *
 * The gradient is exact. Windows are run and summed; the losses of the mean give the gradient at the sums; and as a sum
 * hands its gradient on unchanged, each window is run again, and backward from its part of that gradient.
 */
import { isPerPixel, type Loss } from "../../loss/index.js";
import type { SessionOptions } from "../../runtime/index.js";
import { relativesOf, sharedLoss } from "../answers/loss-sessions.js";
import type { Meter } from "../answers/meter.js";
import type { Answers } from "../answers/model-oracle.js";
import type { ImageOracle, OracleOptions } from "../answers/oracle.js";
import { type BandLabels, Bands, rowsLikeWindow } from "./bands.js";
import { type SlidingModel, WindowedNetwork } from "./network.js";

export class WindowAnswers implements Answers {
  readonly #network: WindowedNetwork;
  readonly #options: OracleOptions;
  readonly #narrow: Bands;
  /** One band, the whole image. */
  readonly #wide: Bands;

  constructor(sliding: SlidingModel, options: OracleOptions, engine: SessionOptions) {
    const { image, grid } = sliding;
    const bands = (rows: number) => new Bands(sliding, rows, options, engine);
    this.#network = new WindowedNetwork(sliding, engine);
    this.#options = options;
    this.#narrow = bands(rowsLikeWindow(image, grid));
    this.#wide = bands(image.height);
  }

  of(labels: ArrayLike<number>, meter: Meter): Pick<ImageOracle, "evaluate" | "predict"> {
    const known = new Map<Bands, BandLabels>();
    const labelsIn = (bands: Bands) => {
      const cut = known.get(bands) ?? bands.cut(labels);
      known.set(bands, cut);
      return cut;
    };
    return {
      evaluate: async (point, query) => {
        const bands = this.#bandsFor(relativesOf(query.loss, this.#options));
        const sums = await this.#network.forward(point, bands.rows, meter);
        const answer = await bands.evaluate(sums, labelsIn(bands), query, meter);
        return { ...answer, gradient: await this.#network.backward(point, sums, meter) };
      },
      predict: async (point, query) => {
        const bands = this.#bandsFor(this.#predictedWith(query?.loss));
        const sums = await this.#network.forward(point, bands.rows, meter);
        return bands.predict(sums, labelsIn(bands), query, meter);
      },
    };
  }

  /** Sessions of windows take turns with their memory, and are opened when they are needed. */
  async open(): Promise<void> {}

  async dispose(): Promise<void> {
    for (const part of [this.#network, this.#narrow, this.#wide]) await part.dispose();
  }

  #predictedWith(loss: Loss | undefined): readonly Loss[] {
    const shared = sharedLoss(loss, this.#options);
    return shared ? relativesOf(shared, this.#options) : loss ? [loss] : [];
  }

  /** A loss that relates pixels, as a plugin's may, needs all of them at once. */
  #bandsFor(losses: readonly Loss[]): Bands {
    return losses.every(isPerPixel) ? this.#narrow : this.#wide;
  }
}
