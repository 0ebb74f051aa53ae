/** An opened model with its images: predicts, attacks, and tells what happens. */
import { invariant } from "../src/base/index.js";
import type { RunRecord } from "../src/journal/index.js";
import { cleanPictures } from "./live.js";
import type { AttackOrder, Opening, Pictures, RunOutcome, Tell } from "./messages.js";
import { type Opened, openChosen, predictions } from "./opened.js";
import { PageRun } from "./run.js";
import { inPageWords } from "./words.js";

/** A model that is ready to be attacked on its images. */
export class Session {
  readonly #opened: Opened;
  readonly #tell: Tell;
  #run: PageRun | undefined;

  private constructor(opened: Opened, tell: Tell) {
    this.#opened = opened;
    this.#tell = tell;
  }

  /**
   * Opens a model, reads its images and predicts them.
   * @throws SeawallError with what is wrong with a file and what to do
   */
  static async open(opening: Opening, tell: Tell): Promise<Session> {
    const opened = await openChosen(opening);
    const clean: RunRecord[] = [];
    let pictures: Pictures | undefined;
    for await (const outcome of predictions(opened)) {
      clean.push(outcome.record);
      pictures ??= cleanPictures(outcome);
    }
    const { data, choice, first, notices } = opened;
    tell({
      kind: "opened",
      notices: notices.map(inPageWords),
      ...{ images: data.ids, classes: first.classes, self: choice.labels === "self" },
      ...{ clean, pictures: pictures ?? {} },
    });
    return new Session(opened, tell);
  }

  /**
   * Makes ready an attack on every image.
   * @throws SeawallError for attacks that there are not
   */
  begin(order: Omit<AttackOrder, "side">): void {
    this.#run = new PageRun(this.#opened, order);
  }

  /**
   * Attacks what is not attacked yet.
   * @param signal ends the attack with its reason; what was finished stays
   */
  async attack(signal: AbortSignal): Promise<void> {
    await this.#lastRun().attack(this.#tell, signal);
  }

  /** What the last attack came to. */
  outcome(): Promise<RunOutcome> {
    return this.#lastRun().outcome();
  }

  /** The run of the last attack as a zip, with this report. */
  pack(report: string | undefined): Promise<Uint8Array<ArrayBuffer>> {
    return this.#lastRun().pack(report);
  }

  #lastRun(): PageRun {
    invariant(this.#run, "nothing was attacked yet");
    return this.#run;
  }
}
