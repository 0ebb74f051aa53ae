/** The gates that a run was made with, judged again on its figures. */
import { checkGates, type GateOptions, type GateOutcome } from "../journal/index.js";
import type { ReportedRun } from "./reported.js";

/** The gates of the stored result; without one, those that the run was started with. Both keep their own choice of `despiteChecks`. */
export function ownGates(
  { description, result }: Pick<ReportedRun, "description" | "result">,
  { despiteChecks = false, allow = [] }: GateOptions = {},
): GateOutcome[] {
  const { gate, gateDespiteChecks: toldAtStart, gateAllow } = description.config;
  const stored = result.gates;
  const gates = stored?.map((outcome) => outcome.gate) ?? (Array.isArray(gate) ? gate.map(String) : []);
  const allowedAtStart = Array.isArray(gateAllow) ? gateAllow.map(String) : [];
  // Those that were allowed then, and no others.
  const allowed =
    stored?.flatMap(({ despiteChecks: told, failedChecks = [] }) => (told ? failedChecks : [])) ?? [];
  return checkGates(result, gates, {
    despiteChecks: despiteChecks || toldAtStart === true,
    allow: [...allow, ...allowedAtStart, ...allowed],
  });
}

/** The gates of the stored result, judged again; none where no result is stored, since its checks are missing then. */
export function storedGates(run: Pick<ReportedRun, "description" | "result">): GateOutcome[] {
  return run.result.gates ? ownGates(run) : [];
}
