/** Which checkpoints of a training are kept, and when training ends early. */
import { messageOf, SeawallError } from "../../base/index.js";
import type { EpochEvent } from "../loop/train.js";
import { saveCheckpoint } from "../state/checkpoint.node.js";
import { type BestName, type ValidationHistory, withValidation } from "../state/history.js";
import type { TrainingState } from "../state/state.js";
import { removeTopFiles, topFile, trainingFile } from "./folder.node.js";
import type { OpenTraining } from "./open.node.js";
import type { TrainingPlan } from "./plan.node.js";

/** Saves the last checkpoint, the best ones by clean and by robust accuracy, and with --top the best few. */
export class CheckpointKeeper {
  /** The last checkpoint, once there is one. */
  saved: string | undefined;
  #history: ValidationHistory;
  #better: readonly BestName[] = [];
  readonly #plan: TrainingPlan;

  constructor(plan: TrainingPlan, { begun }: OpenTraining) {
    this.#plan = plan;
    this.#history = begun.history;
    this.saved = begun.state.step > 0 ? trainingFile(plan.config.out, "last") : undefined;
    removeTopFiles(plan.config.out, begun.history.top);
  }

  get history(): ValidationHistory {
    return this.#history;
  }

  /** Whether training ends early: with --patience, after so many validations in a row without a better accuracy. */
  get isOver(): boolean {
    const { patience } = this.#plan.config;
    return patience !== undefined && this.#history.stale >= patience;
  }

  /** Takes note of a validation, if there is one. `save` follows with the state of the same update. */
  note({ step, validation }: EpochEvent): void {
    this.#better = [];
    if (!validation) return;
    const { history, better } = withValidation(this.#history, step, validation, this.#plan.judging);
    this.#history = history;
    this.#better = better;
  }

  /**
   * Writes the best checkpoints before the last one, which lists them, and removes others after it: whenever the process
   * is killed, all that the last checkpoint lists are there.
   */
  async save(state: TrainingState): Promise<void> {
    const { out } = this.#plan.config;
    for (const name of this.#better) await this.#write(trainingFile(out, name), state);
    const own = this.#history.top.find(({ step }) => step === state.step);
    if (own) await this.#write(topFile(out, own), state);
    const last = trainingFile(out, "last");
    await this.#write(last, state);
    this.saved = last;
    removeTopFiles(out, this.#history.top);
  }

  async #write(file: string, state: TrainingState): Promise<void> {
    try {
      await saveCheckpoint(file, this.#plan.format, state, this.#history);
    } catch (error) {
      const kept = this.saved ? `; ${this.saved} is whole` : "";
      throw new SeawallError("training", `${messageOf(error)}${kept}`, { cause: error });
    }
  }
}
