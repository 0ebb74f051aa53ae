/** The attacks of a run: those that are named, with their rounds and repeats. */
import { parseMembers } from "../../attack/index.js";
import { inPlace } from "../../base/index.js";
import type { Components } from "../../components/index.js";
import { parseBudget, withRounds } from "./budget.js";
import type { EvaluationConfig } from "./config.js";

/**
 * The attacks of a run, and the gain below which a round is its last.
 * @throws SeawallError `config` for attacks or steps that there are not
 */
export function attacksOf(config: EvaluationConfig, components: Components) {
  const budget = parseBudget(config.steps);
  const asked = { ...config, steps: budget.steps };
  const named = inPlace("--attacks", () => parseMembers(config.attacks, asked, components));
  return { attacks: withRounds(named, budget, config), leastGain: budget.leastGain };
}
