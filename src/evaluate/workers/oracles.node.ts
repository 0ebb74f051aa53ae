/** One oracle for each image size; those of the sizes least recently used are closed. */
import type { Oracle, OracleOptions } from "../../oracle/index.js";
import type { WorkerPlan } from "./hand-over.node.js";

interface Size {
  readonly height: number;
  readonly width: number;
}

const mostOpen = 3;

type Opening = Pick<WorkerPlan, "model" | "attacks" | "config" | "classWeights">;
type Watch = Pick<OracleOptions, "onPass" | "signal">;

export class OraclesBySize {
  readonly #plan: Opening;
  readonly #watch: Watch;
  readonly #oracles = new Map<string, Promise<Oracle>>();

  constructor(plan: Opening, watch: Watch) {
    this.#plan = plan;
    this.#watch = watch;
  }

  async at(size: Size): Promise<Oracle> {
    const key = `${size.height}×${size.width}`;
    const oracle = this.#oracles.get(key) ?? this.#open(size);
    this.#oracles.delete(key);
    this.#oracles.set(key, oracle);
    if (this.#oracles.size > mostOpen) {
      const [oldest, closing] = [...this.#oracles][0]!;
      this.#oracles.delete(oldest);
      await (await closing).dispose();
    }
    return oracle;
  }

  /** Opens an oracle with the session of its first question. */
  async open(size: Size): Promise<void> {
    await (await this.at(size)).open();
  }

  async dispose(): Promise<void> {
    for (const oracle of this.#oracles.values()) await (await oracle).dispose();
  }

  async #open(size: Size): Promise<Oracle> {
    const { model, attacks, config, classWeights } = this.#plan;
    return (await model.at(size)).oracle({
      losses: [...new Set(attacks.flatMap(({ attack }) => attack.losses))],
      tracking: config.protocol === "authors" ? "published" : "own",
      ...(classWeights && { classWeights }),
      ...this.#watch,
    });
  }
}
