/** Prints which gates hold, and sets the exit code if one does not. */
import type { GateOutcome } from "../../journal/index.js";
import { formatFigure, gateVerdict } from "../../report/index.js";
import { marks } from "../output/lines.js";
import { say } from "../output/terminal.js";
import { exitCodes } from "./exit.js";

/** Prints the outcome of each gate. A gate that does not hold sets exit code 3. */
export function judge(outcomes: readonly GateOutcome[]): void {
  say(...gateLines(outcomes));
  if (outcomes.some(({ passed }) => !passed)) process.exitCode = exitCodes.gate;
}

function gateLines(outcomes: readonly GateOutcome[]): string[] {
  return outcomes.map((outcome) => {
    const mark = marks[outcome.passed ? "pass" : "fail"];
    return `${mark} gate ${outcome.gate} ${gateVerdict(outcome)}: ${formatFigure(outcome.value)}`;
  });
}
