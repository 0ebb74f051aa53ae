/** Prints which gates hold, and sets the exit code if one does not. */
import { formatFigure, type GateOutcome } from "../../report/index.js";
import { marks } from "../output/lines.js";
import { say } from "../output/terminal.js";
import { exitCodes } from "./exit.js";

/** Prints the outcome of each gate. A gate that does not hold sets exit code 3. */
export function judge(outcomes: readonly GateOutcome[]): void {
  say(...gateLines(outcomes));
  if (outcomes.some(({ passed }) => !passed)) process.exitCode = exitCodes.gate;
}

function gateLines(outcomes: readonly GateOutcome[]): string[] {
  return outcomes.map(({ gate, value, passed, failedChecks }) => {
    const verdict = passed
      ? "holds"
      : failedChecks
        ? `does not count (failed: ${failedChecks.join(", ")})`
        : "does not hold";
    return `${marks[passed ? "pass" : "fail"]} gate ${gate} ${verdict}: ${formatFigure(value)}`;
  });
}
