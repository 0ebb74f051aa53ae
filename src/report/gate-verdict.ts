/** What is said of gates: whether they hold, and why they do not count. */
import type { GateOutcome } from "../journal/index.js";
import { plural } from "./text.js";

/** Reads on after the gate: "holds", "does not hold", or why the gate does not count. */
export function gateVerdict({ passed, failedChecks, despiteChecks, missingImages }: GateOutcome): string {
  const failed = failedChecks && `failed checks: ${failedChecks.join(", ")}`;
  const missing = missingImages && `missing: ${plural(missingImages, "image")}`;
  const reasons = [despiteChecks ? undefined : failed, missing].filter((reason) => reason);
  if (reasons.length > 0) return `does not count (${reasons.join("; ")})`;
  const verdict = passed ? "holds" : "does not hold";
  return failed ? `${verdict} (despite ${failed})` : verdict;
}

/** How many gates pass: `2 of 3 hold`. */
export function gatesLine(outcomes: readonly GateOutcome[]): string {
  return `${outcomes.filter(({ passed }) => passed).length} of ${outcomes.length} hold`;
}
