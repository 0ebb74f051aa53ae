/** The steps of a run's attacks, in words. */
import { plural } from "../base/index.js";
import type { Protocol } from "../journal/index.js";

/** `300 steps`, or `100 to 300 steps` where the attacks take different numbers of steps. */
export function stepsOfAttacks({ members }: Pick<Protocol, "members">): string {
  const steps = members.map((member) => member.steps);
  const [least, most] = [Math.min(...steps), Math.max(...steps)];
  return least === most ? plural(most, "step") : `${least} to ${plural(most, "step")}`;
}

/** Whether every attack takes the same number of steps. */
export function haveEqualSteps({ members }: Pick<Protocol, "members">): boolean {
  return members.every(({ steps }) => steps === members[0]!.steps);
}
