/** A network that runs on one window of an image after the other, forward and backward. */
import { float32, sizeOf } from "../../base/index.js";
import { backwardProgram, logitsProgram, type SegmentationModel, targetOf } from "../../compile/index.js";
import type { SessionOptions } from "../../runtime/index.js";
import type { Meter } from "../answers/meter.js";
import { Sessions, type SessionsOf } from "../answers/sessions.js";
import type { Extent, WindowGrid } from "./grid.js";
import type { LogitsOfMean } from "./mean.js";
import { Planes, type PlanesSize } from "./planes.js";

/** A network and the windows in which it sees images of one size. */
export interface SlidingModel {
  /** At the size of the grid's windows. Its logits are what windows average. */
  readonly model: SegmentationModel;
  /** Extent of the images. */
  readonly image: Extent;
  readonly grid: WindowGrid;
  readonly logitsOfMean?: LogitsOfMean | undefined;
}

export class WindowedNetwork {
  readonly #model: SegmentationModel;
  readonly #grid: WindowGrid;
  readonly #image: PlanesSize;
  readonly #engine: SessionOptions;
  readonly #forward: SessionsOf<typeof logitsProgram>;
  readonly #backward: SessionsOf<typeof backwardProgram>;

  constructor({ model, image, grid }: SlidingModel, engine: SessionOptions) {
    this.#model = model;
    this.#grid = grid;
    this.#image = { ...image, channels: model.channels };
    this.#engine = engine;
    const { file } = model.graph;
    this.#forward = new Sessions(engine, file);
    this.#backward = new Sessions(engine, file);
  }

  /** The sums of the windows' logits, in bands of `rows` rows: K×H×W. */
  async forward(point: Float32Array, rows: number, meter: Meter): Promise<Planes> {
    const session = this.#forward.open("", () => logitsProgram(this.#model, this.#target));
    const { image, logits } = this.#windowTensors();
    const pixels = this.#pixels(point);
    const sums = new Planes({ ...this.#image, channels: this.#model.classes }, rows);
    for (const place of this.#grid.places) {
      pixels.read(this.#grid, place, image.data);
      await meter.fill(session, { image }, { logits });
      sums.add(this.#grid, place, logits.data);
    }
    meter.passed({ backward: false });
    return sums;
  }

  /** The gradient at the image, C·H·W, from that at the sums. */
  async backward(point: Float32Array, atSums: Planes, meter: Meter): Promise<Float32Array> {
    const session = this.#backward.open("", () => backwardProgram(this.#model, this.#target));
    const { image, logits: seed, gradient } = this.#windowTensors();
    const pixels = this.#pixels(point);
    const whole = new Float32Array(point.length);
    const sum = this.#pixels(whole);
    for (const place of this.#grid.places) {
      pixels.read(this.#grid, place, image.data);
      atSums.read(this.#grid, place, seed.data);
      await meter.fill(session, { image, seed }, { gradient });
      sum.add(this.#grid, place, gradient.data);
    }
    meter.passed({ backward: true });
    return whole;
  }

  async dispose(): Promise<void> {
    await this.#forward.dispose();
    await this.#backward.dispose();
  }

  get #target() {
    return targetOf(this.#engine.device);
  }

  /** The planes of an image as one band, on its own memory. */
  #pixels(floats: Float32Array): Planes {
    return new Planes(this.#image, this.#image.height, floats);
  }

  /** Tensors of a window's size, each of which serves all windows of a pass. */
  #windowTensors() {
    const { channels, classes } = this.#model;
    const { height, width } = this.#grid;
    const zeros = (count: number) => {
      const dims = [1, count, height, width];
      return float32(dims, new Float32Array(sizeOf(dims)));
    };
    return { image: zeros(channels), logits: zeros(classes), gradient: zeros(channels) };
  }
}
