/** Answers about whole images: one session runs model, loss and gradient. */
import { float32, int64 } from "../../base/index.js";
import type { SegmentationModel } from "../../compile/index.js";
import type { SessionOptions } from "../../runtime/index.js";
import { LossSessions } from "./loss-sessions.js";
import type { Meter } from "./meter.js";
import type { Answers } from "./model-oracle.js";
import type { ImageOracle, OracleOptions } from "./oracle.js";

export class WholeAnswers implements Answers {
  readonly #dims: readonly number[];
  readonly #losses: LossSessions;

  constructor(model: SegmentationModel, options: OracleOptions, engine: SessionOptions) {
    const { channels, height, width } = model;
    this.#dims = [1, channels, height, width];
    this.#losses = new LossSessions(model, options, engine);
  }

  of(labels: ArrayLike<number>, meter: Meter): Pick<ImageOracle, "evaluate" | "predict"> {
    const labelTensor = int64([1, labels.length], labels);
    const at = (point: Float32Array) => ({ image: float32(this.#dims, point), labels: labelTensor });
    return {
      evaluate: async (point, query) => {
        const answer = await this.#losses.evaluate(meter, at(point), query);
        meter.passed({ backward: true });
        return answer;
      },
      predict: async (point, query) => {
        const prediction = await this.#losses.predict(meter, at(point), query);
        meter.passed({ backward: false });
        return prediction;
      },
    };
  }

  open(): Promise<void> {
    return this.#losses.open();
  }

  dispose(): Promise<void> {
    return this.#losses.dispose();
  }
}
