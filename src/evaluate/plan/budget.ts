/** The budget of a run: a number of steps for each attack, or rounds until they gain nothing. */
import { type AttackMember, repeatMembers, roundMembers } from "../../attack/index.js";
import { SeawallError } from "../../base/index.js";

/** Steps of an attack before the rounds, and of a round. */
const usualSteps = 60;
/** Percentage points of the worst case; a round that gains less is the last. */
const usualGain = 0.05;

/** Steps of all attacks and rounds. */
const usualMost = 10 * usualSteps;

const form = /^auto(?::(\d+(?:\.\d+)?))?$/;

export interface StepBudget {
  /** Iterations of each attack. */
  readonly steps: number;
  /** In shares of the worst case: the gain below which a round is the last. Undefined for a run without rounds. */
  readonly leastGain?: number;
}

/** @throws SeawallError `config` for a text that is neither `auto` nor `auto:GAIN` */
export function parseBudget(steps: number | string): StepBudget {
  if (typeof steps === "number") return { steps };
  const [whole, gain] = form.exec(steps) ?? [];
  const points = Number(gain ?? usualGain);
  if (whole !== undefined && points > 0 && points < 100)
    return { steps: usualSteps, leastGain: points / 100 };
  throw new SeawallError(
    "config",
    `expected a whole number of at least 1, auto, or auto:GAIN with a gain in percentage points, as auto:${usualGain}; got "${steps}"`,
  );
}

/**
 * All attacks of a run: those that were named, as many rounds after them as there may be, and all again for each
 * further seed.
 * @throws SeawallError `config` if the named attacks leave no steps for a round
 */
export function withRounds(
  named: readonly AttackMember[],
  { steps, leastGain }: StepBudget,
  { maxSteps, seed, seeds }: RoundSettings,
): AttackMember[] {
  if (leastGain === undefined && maxSteps !== undefined) {
    throw new SeawallError(
      "config",
      `--max-steps ${maxSteps} is the most that rounds may take, and only --steps auto has rounds; leave it out, or give --steps auto`,
    );
  }
  const rounds = leastGain === undefined ? [] : roundMembers(roundsWithin(named, steps, maxSteps), steps);
  return repeatMembers([...named, ...rounds], seed, seeds);
}

interface RoundSettings {
  readonly maxSteps?: number | undefined;
  readonly seed: number;
  readonly seeds: number;
}

function roundsWithin(named: readonly AttackMember[], steps: number, maxSteps = usualMost): number {
  const taken = named.reduce((sum, member) => sum + member.steps, 0);
  const count = Math.floor((maxSteps - taken) / steps);
  if (count >= 1) return count;
  throw new SeawallError(
    "config",
    `--max-steps ${maxSteps}: the attacks take ${taken} steps on an image, and a round ${steps}; give at least ${taken + steps}, or a number of --steps instead of auto`,
  );
}
