/** Gates on a comparison: conditions on the difference of a figure between the two runs. */
import { SeawallError } from "../../base/index.js";
import {
  type GateOptions,
  type GateOutcome,
  gateError,
  judgeGate,
  operators,
  readTarget,
  splitCondition,
  withoutSpaces,
} from "../../journal/index.js";
import type { Comparison } from "./compare.js";
import type { ComparedFigure } from "./compared-rows.js";

/** The values that a gate can use: the difference, or an end of its interval. */
const statistics = {
  diff: ({ difference }: ComparedFigure) => difference,
  low: ({ interval }: ComparedFigure) => interval?.[0],
  high: ({ interval }: ComparedFigure) => interval?.[1],
} as const;

type StatisticName = keyof typeof statistics;

const figures = ["aAcc", "mIoU"] as const;

const form =
  "expected SUBJECT.FIGURE@RADIUS diff>=NUMBER, such as worst.mIoU@4/255 diff>=-0.01; " +
  "low or high in place of diff is an end of the interval";

/**
 * Checks gates on a comparison. A difference is no evidence if a soundness check of either run failed, so its gates do
 * not pass.
 * @returns the outcome of each gate, in order
 * @throws SeawallError `config` for a gate that is invalid, or whose figure the comparison does not have
 */
export function checkComparisonGates(
  comparison: Comparison,
  expressions: readonly string[],
  options: GateOptions = {},
): GateOutcome[] {
  const failed = failedOf(comparison);
  return expressions.map((expression) => judgeGate(checkGate(comparison, expression), failed, options));
}

/** The checks that failed, each with its run. */
function failedOf({ a, b }: Comparison): string[] {
  const named = (run: string, checks: readonly string[]) => checks.map((check) => `${run}: ${check}`);
  return [...named("A", a.failedChecks), ...named("B", b.failedChecks)];
}

function checkGate(comparison: Comparison, expression: string): GateOutcome {
  const condition = splitCondition(expression);
  const [, target = "", statistic = ""] = /^(.+)\s(\S+)\s*$/s.exec(condition?.target ?? "") ?? [];
  if (!condition || !Object.hasOwn(statistics, statistic)) throw gateError(expression, form);
  const about = readTarget(expression, target, subjectsOf(comparison), () => figures);
  if (!about) throw gateError(expression, form);
  const row = comparison.rows.find(
    ({ subject, eps }) => subject === about.subject && eps === (about.eps ?? null),
  );
  const figure = row?.[about.figure as (typeof figures)[number]];
  const value = figure && statistics[statistic as StatisticName](figure);
  if (typeof value !== "number") throw absent(about.text, statistic);
  const { operator, threshold } = condition;
  return {
    gate: `${about.text} ${statistic}${operator}${threshold}`,
    value,
    passed: operators[operator](value, difference(expression, threshold)),
  };
}

/** The attacks and radii that have rows. */
function subjectsOf({ rows }: Comparison) {
  const robust = rows.filter(({ eps }) => eps !== null);
  return {
    members: [...new Set(robust.map(({ subject }) => subject))].filter((subject) => subject !== "worst"),
    eps: [...new Set(robust.map(({ eps }) => eps!))],
  };
}

function difference(expression: string, text: string): number {
  const value = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (Math.abs(value) <= 1) return value;
  throw gateError(
    expression,
    `got ${withoutSpaces(text)}, expected a difference in [-1, 1]; write -0.01 for one percentage point less`,
  );
}

/** The error for a figure that does not exist, which must never count as a passed gate. */
function absent(target: string, statistic: string): SeawallError {
  return new SeawallError(
    "config",
    statistic === "diff"
      ? `gate on ${target}: the runs have different numbers of classes, so their mIoU cannot be compared`
      : `gate on ${target} ${statistic}: there is no interval, because that needs at least two images and the same number of classes`,
  );
}
