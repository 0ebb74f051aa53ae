/** Would more steps help still? */
import type { Member, RunRecord } from "../../journal/index.js";
import type { RecordCheck } from "./check.js";
import { largestBy, points, skipped, withoutEvidence, worstShare } from "./shares.js";
import { type AttackView, followsGradients, hasEvidence } from "./view.js";

const mostLost = 0.01;
const lastPart = 1 / 5;

const remedyOfRounds = "increase --max-steps, or lower GAIN of --steps auto:GAIN";

/** What the last steps gained at a radius. */
interface Late {
  readonly eps: string;
  /** By so much they lowered the worst-case aAcc. */
  readonly lost: number;
  readonly steps: string;
}

export const convergence: RecordCheck = {
  raisedIf: `the last fifth of the steps lowered the worst-case aAcc at some radius by more than ${100 * mostLost} percentage point. Where attacks go on from others, it is the last fifth of the steps of all of them together; elsewhere of each attack`,
  means: "the attacks have not converged: more steps would lower the figures",
  remedy: "increase --steps until the figures no longer change",
  run({ radii, chains }) {
    const seen = radii.filter((attacks) => attacks.some(followsGradients) && attacks.every(hasEvidence));
    const found = seen.flatMap((attacks) =>
      chains.length > 0 ? chains.map((chain) => lateInChain(chain, attacks)) : [lateInEach(attacks)],
    );
    const worst = largestBy(found, ({ lost }) => lost);
    if (!worst) return skipped(withoutEvidence);
    const { eps, lost, steps } = worst;
    return {
      status: lost > mostLost ? "warn" : "pass",
      detail: `${steps} lowered the worst-case aAcc by at most ${points(Math.max(lost, 0))} (${eps})`,
      ...(chains.flat().some(({ round }) => round) && { remedy: remedyOfRounds }),
    };
  },
};

/** Right pixels of the point that the attack had kept before the last fifth of its steps. */
const before = ({ correct, evidence }: RunRecord) => correct + (evidence!.late ?? 0);

function lateInEach(attacks: readonly AttackView[]): Late {
  const lost = worstShare(attacks, before) - worstShare(attacks);
  return { eps: attacks[0]!.eps, lost, steps: "the last fifth of the steps" };
}

/**
 * Attacks that go on from one another are one run. Known is what was kept after each of them, and before the last fifth
 * of its own steps. Of these moments it takes the last one that leaves at least a fifth of all steps.
 */
function lateInChain(chain: readonly Member[], attacks: readonly AttackView[]): Late {
  const views = chain.flatMap(({ name }) => attacks.filter(({ attack }) => attack === name));
  const steps = views.map((view) => stepsOf(chain.find(({ name }) => name === view.attack)!, view));
  const all = sum(steps);
  const moments = views.flatMap((view, i) => {
    const earlier = views.slice(0, i);
    const left = sum(steps.slice(i + 1));
    return [
      { kept: [...earlier, beforeLast(view)], left: left + lastPart * steps[i]! },
      { kept: [...earlier, view], left },
    ];
  });
  const { kept, left } = moments.findLast((moment) => moment.left >= lastPart * all)!;
  return {
    eps: views[0]!.eps,
    lost: worstShare(kept) - worstShare(views),
    steps: `the last ${Math.round((100 * left) / all)} % of the steps`,
  };
}

/** An attack as it stood before the last fifth of its steps. */
function beforeLast(view: AttackView): AttackView {
  return { ...view, records: view.records.map((record) => ({ ...record, correct: before(record) })) };
}

/** Steps of an attack, as the mean over images. */
function stepsOf(member: Member, { records }: AttackView): number {
  return sum(records.map(({ steps = member.steps }) => steps)) / records.length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
