/** Is every attack far stronger than chance? */
import type { RecordCheck } from "./check.js";
import { largestBy, meanShare, placeOf, points, skipped, withoutEvidence } from "./shares.js";
import { type AttackView, followsGradients, hasEvidence, type RunView } from "./view.js";

/** Of what an attack takes away, the share that noise may take, too. */
const mostOfAttack = 0.5;
/** Less than this may be luck. */
const leastLost = 0.02;
/** Where an attack leaves less than this, noise of the same radius may be strong by itself. */
const allLost = 0.1;

export const noise: RecordCheck = {
  raisedIf: `at a radius a random point takes away more than ${100 * leastLost} points of aAcc, and more than ${100 * mostOfAttack} % of what an attack takes away that leaves over ${100 * allLost} %; it fails if it takes away more than the attack`,
  means: "the gradients that the attack follows lead nowhere: the model may look far more robust than it is",
  remedy: "look for what masks the gradient, and add attacks without gradients (square)",
  run(run) {
    const views = run.radii.flat().filter(followsGradients).filter(hasEvidence);
    const losses = views.map((view) => lossesOf(view, run));
    const worst = largestBy(losses.filter(isTelling), shareOf) ?? largestBy(losses, ({ byNoise }) => byNoise);
    if (!worst) return skipped(withoutEvidence);
    const share = isTelling(worst) ? shareOf(worst) : 0;
    return {
      status: share >= 1 ? "fail" : share > mostOfAttack ? "warn" : "pass",
      detail: `noise takes away ${points(worst.byNoise)} of aAcc, ${placeOf(worst.view)} ${points(worst.byAttack)}`,
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
  const draws = radii.flat().find(({ attack, eps }) => attack === "noise" && eps === view.eps);
  const drawn = meanShare(view.records, ({ evidence }) => evidence!.noise);
  const noisy = Math.min(drawn, draws ? meanShare(draws.records) : 1);
  const left = meanShare(view.records);
  return { view, byNoise: start - noisy, byAttack: start - left, left };
}

const isTelling = ({ byNoise, left }: Losses) => byNoise > leastLost && left > allLost;
const shareOf = ({ byNoise, byAttack }: Losses) => byNoise / Math.max(byAttack, 1e-9);
