/** APGD's step-size control: pure functions of per-image numbers, no pixel in sight. */

/** When APGD looks back, and what it halves by then (attack schedule of AutoAttack). */
export class StepSizeSchedule {
  /** η, in the units of the image. */
  stepSize: number;
  readonly #shortest: number;
  readonly #shrink: number;
  #interval: number;
  #sinceCheck = 0;
  #rises = 0;
  #last: number;
  #best: number;
  #bestAtCheck: number;
  #halvedAtCheck = true;

  /**
   * @param steps n, the iterations of this run
   * @param firstStep the step size to start with
   * @param start tracked loss at the start point
   * @param reference what the first step is compared with: `start`, or zero as the published code does
   */
  constructor(steps: number, firstStep: number, start: number, reference = start) {
    this.stepSize = firstStep;
    this.#interval = Math.max(Math.trunc(0.22 * steps), 1);
    this.#shortest = Math.max(Math.trunc(0.06 * steps), 1);
    this.#shrink = Math.max(Math.trunc(0.03 * steps), 1);
    this.#last = reference;
    this.#best = start;
    this.#bestAtCheck = start;
  }

  /**
   * Takes the tracked loss after a step.
   * @returns whether the step size was halved: the caller then goes back to its best point
   */
  observe(tracked: number): boolean {
    if (tracked > this.#last) this.#rises++;
    this.#last = tracked;
    this.#best = Math.max(this.#best, tracked);
    if (++this.#sinceCheck < this.#interval) return false;
    return this.#check();
  }

  #check(): boolean {
    const fewRises = this.#rises <= 0.75 * this.#interval;
    const noProgress = !this.#halvedAtCheck && this.#bestAtCheck >= this.#best;
    const halve = fewRises || noProgress;
    this.#halvedAtCheck = halve;
    this.#bestAtCheck = this.#best;
    if (halve) this.stepSize /= 2;
    this.#interval = Math.max(this.#interval - this.#shrink, this.#shortest);
    this.#sinceCheck = 0;
    this.#rises = 0;
    return halve;
  }
}
