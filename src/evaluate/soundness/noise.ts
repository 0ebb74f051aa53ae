/** Is every attack far stronger than chance? */
import type { RecordCheck } from "./check.js";
import { largestBy, meanShare, placeOf, points, skipped, withoutEvidence } from "./shares.js";
import { type AttackView, followsGradients, hasEvidence, isNoise, type RunView } from "./view.js";

/** The largest share of an attack's effect that noise may have. */
const mostOfAttack = 0.5;
/** A smaller drop of aAcc may be chance. */
const leastLost = 0.02;
/** If an attack leaves less than this, the radius is so large that noise may be strong too. */
const allLost = 0.1;

export const noiseCheck: RecordCheck = {
  raisedIf: `at some radius, random noise lowers aAcc by more than ${100 * leastLost} percentage points and by more than ${100 * mostOfAttack} % of what an attack lowers it by (attacks that leave ${100 * allLost} % or less are not compared); it fails if noise lowers aAcc by more than the attack does`,
  means: "the gradients that the attack follows are useless: the model may look far more robust than it is",
  remedy: "find out what masks the gradient, and add an attack without gradients (region-search)",
  run(run) {
    const views = run.radii.flat().filter(followsGradients).filter(hasEvidence);
    const losses = views.map((view) => lossesOf(view, run));
    const worst = largestBy(losses.filter(isTelling), shareOf) ?? largestBy(losses, ({ byNoise }) => byNoise);
    if (!worst) return skipped(withoutEvidence);
    const share = isTelling(worst) ? shareOf(worst) : 0;
    return {
      status: share >= 1 ? "fail" : share > mostOfAttack ? "warn" : "pass",
      detail: `random noise of the same size lowers aAcc by ${points(worst.byNoise)}; ${placeOf(worst.view)} lowers it by ${points(worst.byAttack)}`,
    };
  },
};

interface Losses {
  readonly view: AttackView;
  /** What one random point, or the noise attack, takes away of the clean aAcc; and what the attack does. */
  readonly byNoise: number;
  readonly byAttack: number;
  /** What the attack leaves. */
  readonly left: number;
}

function lossesOf(view: AttackView, { clean, radii }: RunView): Losses {
  const start = meanShare(clean);
  const draws = radii.flat().find((other) => isNoise(other) && other.eps === view.eps);
  const drawn = meanShare(view.records, ({ evidence }) => evidence!.noise);
  const noisy = Math.min(drawn, draws ? meanShare(draws.records) : 1);
  const left = meanShare(view.records);
  return { view, byNoise: start - noisy, byAttack: start - left, left };
}

const isTelling = ({ byNoise, left }: Losses) => byNoise > leastLost && left > allLost;
const shareOf = ({ byNoise, byAttack }: Losses) => byNoise / Math.max(byAttack, 1e-9);
