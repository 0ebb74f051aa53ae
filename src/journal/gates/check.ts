/** Whether gates hold on a result. Figures that are no evidence pass no gate. */
import { SeawallError } from "../../base/index.js";
import type { Soundness } from "../description.js";
import type { GateOutcome, Result } from "../result.js";
import { type Gate, gateSubjects, operators, parseGate, type SeedEnd, type SeedFigure } from "./parse.js";

export interface GateOptions {
  /** Judge figures alone, also where a soundness check failed. */
  readonly despiteChecks?: boolean;
  /** Names of soundness checks that may have failed. */
  readonly allow?: readonly string[];
}

/**
 * Checks gates on a result. A figure is no evidence if a soundness check of its run failed or images are missing, so its
 * gates do not pass.
 * @returns the outcome of each gate, in order
 * @throws SeawallError `config` as `parseGate`
 */
export function checkGates(
  result: Result,
  expressions: readonly string[],
  options: GateOptions = {},
): GateOutcome[] {
  const { missingImages } = result.data;
  const failed = failedChecks(result.soundness);
  return expressions
    .map((expression) => parseGate(expression, gateSubjects(result.protocol)))
    .map((gate) => {
      const value = figureOf(result, gate);
      const holds = operators[gate.operator](value, gate.threshold);
      const outcome = judgeGate({ gate: gate.text, value, passed: holds }, failed, options);
      return missingImages ? { ...outcome, passed: false, missingImages } : outcome;
    });
}

/** The result with the outcomes of its gates; as it is if there are none. Errors as `checkGates`. */
export function withGates(result: Result, expressions: readonly string[], options: GateOptions = {}): Result {
  if (expressions.length === 0) return result;
  return { ...result, gates: checkGates(result, expressions, options) };
}

/** The outcome of a gate on figures whose checks may have failed: then it passes only if the caller allows them to. */
export function judgeGate(
  outcome: GateOutcome,
  failed: readonly string[],
  { despiteChecks = false, allow = [] }: GateOptions = {},
): GateOutcome {
  if (failed.length === 0) return outcome;
  // In a comparison, a check has the run's letter in front.
  const deciding = failed.filter((check) => !allow.includes(check.replace(/^[AB]: /, "")));
  return despiteChecks || deciding.length === 0
    ? { ...outcome, failedChecks: [...failed], despiteChecks: true }
    : { ...outcome, passed: false, failedChecks: deciding };
}

/** Names of the checks that failed, each once. */
export function failedChecks(soundness: readonly Soundness[]): string[] {
  const failed = soundness.filter(({ status }) => status === "fail").map(({ check }) => check);
  return [...new Set(failed)];
}

function figureOf(result: Result, { subject, figure, eps, end }: Gate): number {
  const radius = result.robust.find((entry) => entry.eps === eps);
  const attack = radius?.attacks.find(({ name }) => name === subject);
  const figures = subject === "clean" ? result.clean : subject === "worst" ? radius?.worst : attack;
  const value = end
    ? endOf(result, eps, figure as SeedFigure, end)
    : (figures as Readonly<Record<string, unknown>> | undefined)?.[figure];
  // A figure that does not exist must never count as a passed gate.
  if (typeof value === "number") return value;
  throw new SeawallError("journal", `the result has no ${figure} for ${subject}, so it is not complete`);
}

/** An end of the interval over seeds of the strict worst case. */
function endOf(
  { uncertainty }: Result,
  eps: string | undefined,
  figure: SeedFigure,
  end: SeedEnd,
): number | undefined {
  const [low, high] = uncertainty?.find((entry) => entry.eps === eps)?.seeds?.[figure].interval ?? [];
  return end === "seeds-low" ? low : high;
}
