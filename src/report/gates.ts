/** Gates: conditions on a result's figures that decide an exit code. */
import { messageOf, parseRadius, SeawallError } from "../base/index.js";
import { memberNames, type Protocol, type Result } from "../journal/index.js";

/** Figures of the clean prediction and of each attack. */
const attackFigures = ["aAcc", "aAccPooled", "mAcc", "mIoU", "imageMIoU"] as const;
/** Figures of the worst case. */
const worstFigures = ["aAcc", "aAccPooled", "mIoU", "mIoULower", "imageMIoU"] as const;

/** How a figure is compared with a threshold. */
export const operators = {
  ">=": (a: number, b: number) => a >= b,
  "<=": (a: number, b: number) => a <= b,
  ">": (a: number, b: number) => a > b,
  "<": (a: number, b: number) => a < b,
} as const;

/** A condition such as `worst.mIoU@4/255>=0.60`. */
export interface Gate {
  /** As written, without spaces. */
  readonly text: string;
  /** `clean`, `worst` or an attack. */
  readonly subject: string;
  readonly figure: string;
  /** Radius in the run's own words; undefined for `clean`. */
  readonly eps: string | undefined;
  readonly operator: keyof typeof operators;
  readonly threshold: number;
}

export interface GateOutcome {
  readonly gate: string;
  readonly passed: boolean;
  /** The figure that was compared, in [0, 1]. */
  readonly value: number;
}

/** What a gate may speak of: the attacks and radii of a run. */
export interface GateSubjects {
  /** Names of the attacks. */
  readonly members: readonly string[];
  readonly eps: readonly string[];
}

/** What gates on a run may speak of. */
export function gateSubjects(protocol: Protocol): GateSubjects {
  return { members: memberNames(protocol), eps: protocol.eps };
}

/** `worst.mIoU@4/255` on one side of a comparison, `0.60` on the other. */
const conditionForm = /^(?<target>[^<>=]+)(?<operator>>=|<=|>|<)(?<threshold>.+)$/;
const targetForm = /^(?<subject>[^@]+)\.(?<figure>\w+)(?:@(?<eps>.+))?$/;

/** The three parts of a condition, spaces kept; undefined if it is none. */
export function splitCondition(expression: string) {
  const parts = conditionForm.exec(expression.replaceAll("≥", ">=").replaceAll("≤", "<="))?.groups;
  if (!parts) return undefined;
  const { target, operator, threshold } = parts as Record<string, string>;
  return {
    target: target!,
    operator: operator as keyof typeof operators,
    threshold: withoutSpaces(threshold!),
  };
}

export function withoutSpaces(text: string): string {
  return text.replace(/\s/g, "");
}

/**
 * Reads a gate and checks that the run will have what it speaks of, so that a typing error is found before
 * hours of attacks and not after.
 * @throws SeawallError `config` with what would be right
 */
export function parseGate(expression: string, run: GateSubjects): Gate {
  const condition = splitCondition(expression);
  const target = condition && readTarget(expression, condition.target, run, figuresOfSubject);
  if (!target) throw refusal(expression, "expected SUBJECT.FIGURE@RADIUS>=NUMBER, as worst.mIoU@4/255>=0.60");
  const { operator, threshold } = condition;
  return {
    text: `${target.text}${operator}${threshold}`,
    subject: target.subject,
    figure: target.figure,
    eps: target.eps,
    operator,
    threshold: fraction(expression, threshold),
  };
}

function figuresOfSubject(subject: string): readonly string[] {
  return subject === "worst" ? worstFigures : attackFigures;
}

/**
 * Reads `worst.mIoU@4/255`; undefined if it has another form.
 * @param figures those that a subject has
 * @throws SeawallError `config` if the run has no such subject, figure or radius
 */
export function readTarget(
  expression: string,
  target: string,
  run: GateSubjects,
  figures: (subject: string) => readonly string[],
) {
  const text = withoutSpaces(target);
  const parts = targetForm.exec(text)?.groups;
  if (!parts) return undefined;
  const subject = knownSubject(expression, parts.subject!, run);
  return {
    text,
    subject,
    figure: knownFigure(expression, subject, parts.figure!, figures(subject)),
    eps: knownRadius(expression, subject, parts.eps, run),
  };
}

function knownSubject(expression: string, subject: string, { members }: GateSubjects): string {
  const subjects = ["clean", "worst", ...members];
  if (subjects.includes(subject)) return subject;
  throw refusal(expression, `the run has no "${subject}"; expected one of ${subjects.join(", ")}`);
}

function knownFigure(
  expression: string,
  subject: string,
  figure: string,
  figures: readonly string[],
): string {
  if (figures.includes(figure)) return figure;
  throw refusal(expression, `no figure "${figure}" of ${subject}; expected one of ${figures.join(", ")}`);
}

function knownRadius(
  expression: string,
  subject: string,
  text: string | undefined,
  run: GateSubjects,
): string | undefined {
  if (subject === "clean") {
    if (text === undefined) return undefined;
    throw refusal(expression, `the clean prediction has no radius; leave out @${text}`);
  }
  const choice = `one of ${run.eps.map((eps) => `@${eps}`).join(", ")}`;
  if (text === undefined) throw refusal(expression, `at which radius? Add ${choice}`);
  const value = radiusValue(expression, text);
  const known = run.eps.find((eps) => parseRadius(eps).value === value);
  if (known === undefined) throw refusal(expression, `the run has no radius ${text}; expected ${choice}`);
  return known;
}

function radiusValue(expression: string, text: string): number {
  try {
    return parseRadius(text).value;
  } catch (error) {
    throw refusal(expression, messageOf(error));
  }
}

function fraction(expression: string, text: string): number {
  const value = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 1) return value;
  throw refusal(expression, `figures are fractions in [0, 1], got ${text}; write 0.60 for 60 %`);
}

export function refusal(expression: string, problem: string): SeawallError {
  return new SeawallError("config", `gate "${expression}": ${problem}`);
}

/**
 * Compares a result's figures with gates.
 * @returns one outcome for each, in order
 * @throws SeawallError `config` as `parseGate`
 */
export function checkGates(result: Result, expressions: readonly string[]): GateOutcome[] {
  return expressions
    .map((expression) => parseGate(expression, gateSubjects(result.protocol)))
    .map((gate) => {
      const value = figureOf(result, gate);
      return { gate: gate.text, value, passed: operators[gate.operator](value, gate.threshold) };
    });
}

function figureOf(result: Result, { subject, figure, eps }: Gate): number {
  const radius = result.robust.find((entry) => entry.eps === eps);
  const attack = radius?.attacks.find(({ name }) => name === subject);
  const figures = subject === "clean" ? result.clean : subject === "worst" ? radius?.worst : attack;
  const value = (figures as Readonly<Record<string, unknown>> | undefined)?.[figure];
  // An absent figure must never read as a passed gate.
  if (typeof value === "number") return value;
  throw new SeawallError("journal", `the result has no ${figure} of ${subject}; it is not complete`);
}
