/** Gates, conditions on a figure such as `worst.mIoU@4/255>=0.60`, read from text. */
import { messageOf, parseRadius, SeawallError } from "../../base/index.js";
import { bySeed, memberNames, type Protocol } from "../description.js";

/** Figures of the clean prediction and of each attack. */
const attackFigures = ["aAcc", "aAccPooled", "mAcc", "mIoU", "imageMIoU"] as const;
/** Figures of the worst case. */
const worstFigures = ["aAcc", "aAccPooled", "mIoU", "mIoULower", "imageMIoU"] as const;

/** Figures of the worst case that have an interval over seeds, and the ends of it that a gate can be on. */
const seedFigures = ["aAcc", "mIoU"] as const;
const seedEnds = ["seeds-low", "seeds-high"] as const;

export type SeedFigure = (typeof seedFigures)[number];
export type SeedEnd = (typeof seedEnds)[number];

/** The comparisons between a figure and a threshold. */
export const operators = {
  ">=": (a: number, b: number) => a >= b,
  "<=": (a: number, b: number) => a <= b,
  ">": (a: number, b: number) => a > b,
  "<": (a: number, b: number) => a < b,
} as const;

/** A condition such as `worst.mIoU@4/255>=0.60`, or `worst.mIoU@4/255 seeds-low>=0.60`. */
export interface Gate {
  /** The gate's text, without spaces but that before the end of an interval. */
  readonly text: string;
  /** `clean`, `worst` or an attack's name. */
  readonly subject: string;
  readonly figure: string;
  /** The radius in the run's notation; undefined for `clean`. */
  readonly eps: string | undefined;
  /** In place of the figure: this end of its 95 % interval over seeds. */
  readonly end?: SeedEnd;
  readonly operator: keyof typeof operators;
  readonly threshold: number;
}

/** The attacks and radii of a run, which gates can name. */
export interface GateSubjects {
  /** Names of the attacks. */
  readonly members: readonly string[];
  readonly eps: readonly string[];
  /** Number of seeds of the run. Default: 1. */
  readonly seeds?: number;
}

/** The names that gates on a run can use. */
export function gateSubjects(protocol: Protocol): GateSubjects {
  const seeds = bySeed(protocol, protocol.members).length;
  return { members: memberNames(protocol), eps: protocol.eps, seeds };
}

/** The form of a gate: a target such as `worst.mIoU@4/255`, a comparison, a threshold such as `0.60`. */
const conditionForm = /^(?<target>[^<>=]+)(?<operator>>=|<=|>|<)(?<threshold>.+)$/;
const targetForm = /^(?<subject>[^@]+)\.(?<figure>\w+)(?:@(?<eps>.+))?$/;

/** The three parts of a gate, with spaces in the target kept; undefined if the text has another form. */
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
 * Parses a gate and checks that the run has its subject, figure and radius, so that a typing error is found before the
 * attacks start.
 * @throws SeawallError `config` with the valid choices
 */
export function parseGate(expression: string, run: GateSubjects): Gate {
  const condition = splitCondition(expression);
  const { about = "", end } = splitEnd(condition?.target ?? "");
  const target = condition && readTarget(expression, about, run, figuresOfSubject);
  if (!target)
    throw gateError(
      expression,
      "expected SUBJECT.FIGURE@RADIUS>=NUMBER, such as worst.mIoU@4/255>=0.60; with --seeds N also SUBJECT.FIGURE@RADIUS seeds-low>=NUMBER",
    );
  if (end) refuseNoInterval(expression, target, run);
  const { operator, threshold } = condition;
  return {
    text: `${target.text}${end ? ` ${end}` : ""}${operator}${threshold}`,
    subject: target.subject,
    figure: target.figure,
    eps: target.eps,
    ...(end && { end }),
    operator,
    threshold: fraction(expression, threshold),
  };
}

/** The end of an interval that stands behind a target, if there is one. */
function splitEnd(target: string): { readonly about: string; readonly end?: SeedEnd } {
  const end = seedEnds.find((name) => target.trimEnd().endsWith(` ${name}`));
  return end ? { about: target.trimEnd().slice(0, -end.length), end } : { about: target };
}

function refuseNoInterval(
  expression: string,
  { subject, figure }: Pick<Gate, "subject" | "figure">,
  { seeds = 1 }: GateSubjects,
): void {
  if (subject !== "worst" || !seedFigures.some((name) => name === figure))
    throw gateError(expression, "intervals over seeds are those of worst.aAcc and worst.mIoU");
  if (seeds < 2)
    throw gateError(expression, "a run of one seed has no interval over seeds; add --seeds 3 or more");
}

function figuresOfSubject(subject: string): readonly string[] {
  return subject === "worst" ? worstFigures : attackFigures;
}

/**
 * Parses a target such as `worst.mIoU@4/255`. Returns undefined if the text has another form.
 * @param figures the figures of a subject
 * @throws SeawallError `config` if the run does not have the subject, figure or radius
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
  throw gateError(expression, `unknown subject "${subject}"; expected one of ${subjects.join(", ")}`);
}

function knownFigure(
  expression: string,
  subject: string,
  figure: string,
  figures: readonly string[],
): string {
  if (figures.includes(figure)) return figure;
  throw gateError(expression, `${subject} has no figure "${figure}"; expected one of ${figures.join(", ")}`);
}

function knownRadius(
  expression: string,
  subject: string,
  text: string | undefined,
  run: GateSubjects,
): string | undefined {
  if (subject === "clean") {
    if (text === undefined) return undefined;
    throw gateError(expression, `the clean prediction has no radius; remove @${text}`);
  }
  const choice = `one of ${run.eps.map((eps) => `@${eps}`).join(", ")}`;
  if (text === undefined) throw gateError(expression, `the radius is missing; add ${choice}`);
  const value = radiusValue(expression, text);
  const known = run.eps.find((eps) => parseRadius(eps).value === value);
  if (known === undefined) throw gateError(expression, `the run has no radius ${text}; expected ${choice}`);
  return known;
}

function radiusValue(expression: string, text: string): number {
  try {
    return parseRadius(text).value;
  } catch (error) {
    throw gateError(expression, messageOf(error));
  }
}

function fraction(expression: string, text: string): number {
  const value = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 1) return value;
  throw gateError(expression, `got ${text}, expected a fraction in [0, 1]; write 0.60 for 60 %`);
}

/** The error for an invalid gate. */
export function gateError(expression: string, problem: string): SeawallError {
  return new SeawallError("config", `gate "${expression}": ${problem}`);
}
