/** Learning rates by step: pure functions, t counted from 0. */

/** Linear warm-up, then a fall by a power of what is left; all in optimizer steps. */
export interface ScheduleOptions {
  /** T, the number of steps of the whole training. */
  readonly steps: number;
  /** t_w, the number of steps of the warm-up. */
  readonly warmupSteps: number;
  /** Power of the polynomial decay; 0 keeps the rate constant. */
  readonly power: number;
  /** The rate never falls below this share of the base rate. */
  readonly floor?: number;
}

/** The share of the base rate with which the warm-up begins. */
const start = 1e-5;

/**
 * The factor of the base learning rate at step t: 1e-5 + (1 − 1e-5)·t/t_w in the warm-up, then
 * floor + (1 − floor)·(1 − (t − t_w)/(T − t_w))^power (the code's UPerNet, Segmenter and PSPNet schedules).
 */
export function scheduleFactor(t: number, { steps, warmupSteps, power, floor = 0 }: ScheduleOptions): number {
  if (t < warmupSteps) return start + ((1 - start) * t) / warmupSteps;
  const done = Math.min(1, (t - warmupSteps) / Math.max(1, steps - warmupSteps));
  return floor + (1 - floor) * (1 - done) ** power;
}
