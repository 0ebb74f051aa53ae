/** Rounds: attacks that are repeated after those of a list, each from the best point so far, while they still help. */
import { losses } from "../loss/index.js";
import { renamed } from "./attack.js";
import type { AttackMember } from "./attacks.js";
import { polish } from "./refine.js";

/** The attacks of a round, in order. The second goes on from what is best for the single image. */
const attacksOfRound = [polish(losses["expected-miou"]), polish(losses["expected-accuracy"])];

/**
 * The attacks of a number of rounds, as `round1:polish:expected-miou`.
 * @param steps of a round, as the mean over images; its attacks share them equally
 */
export function roundMembers(count: number, steps: number): AttackMember[] {
  const own = Math.ceil(steps / attacksOfRound.length);
  return Array.from({ length: count }, (_, i) => i + 1).flatMap((round) =>
    attacksOfRound.map((attack) => ({
      attack: renamed(attack, `round${round}:${attack.name}`),
      steps: own,
      round,
    })),
  );
}
