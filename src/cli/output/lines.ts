/** The lines that verbs print about runs. */
import { join } from "node:path";
import type { RunPlan } from "../../evaluate/index.node.js";
import {
  type AttackFigures,
  isRaised,
  type Result,
  type RunRecord,
  runFiles,
  type Soundness,
} from "../../journal/index.js";
import { readRun } from "../../journal/index.node.js";
import {
  alignRows,
  formatCount,
  formatDuration,
  formatFigure,
  invariantsLine,
  plural,
  resultLines,
  wrapText,
} from "../../report/index.js";
import { paint } from "./terminal.js";

/** What stands before the name of an attack that is repeated in rounds. */
const roundName = /^round(\d+):/;

function attacksOfRound(attacks: readonly string[]): string[] {
  const first = attacks.filter((name) => roundName.exec(name)?.[1] === "1");
  return first.map((name) => name.replace(roundName, ""));
}

/** Lines that describe a planned run. */
export function planLines(plan: RunPlan): string[] {
  const { images, attacks, rounds, eps, passes, classes, found, records } = plan;
  return alignRows([
    ["images", `${plural(images, "image")}, ${plural(classes, "class")}`],
    ["radii", eps.join(", ")],
    ["attacks", attacks.filter((name) => !roundName.test(name)).join(", ")],
    ...(rounds > 0 ? [["rounds", `at most ${rounds}, of ${attacksOfRound(attacks).join(", ")}`]] : []),
    ["passes", `at most ${formatCount(passes)} forward`],
    ...(found > 0 ? [["resumed", `${formatCount(found)} of ${formatCount(records)} records are there`]] : []),
  ]);
}

/** The line of a finished attack: its figures and the worst case so far. `share` names the first figure. */
export function attackLine(
  { attack, eps, seconds, worst, ...own }: AttackFigures,
  plan: RunPlan,
  share: "aAcc" | "consistency",
): string {
  return [
    `${eps.padEnd(longest(plan.eps))}  ${attack.padEnd(longest(plan.attacks))}`,
    figures(own, share),
    `worst so far ${figures(worst, share)}`,
    formatDuration(seconds),
  ].join("   ");
}

function figures({ aAcc, mIoU }: Pick<AttackFigures, "aAcc" | "mIoU">, share: string): string {
  const text = (figure: number | null) => (figure === null ? "none  " : formatFigure(figure));
  return `${share} ${text(aAcc)}  mIoU ${text(mIoU)}`;
}

/** Tables, invariants and soundness of a finished run. */
export function finalLines(result: Result, out?: string): string[] {
  const records = out === undefined ? undefined : readRun(out).records;
  return [
    "",
    ...resultLines(result),
    "",
    invariantsLine(result, records && largestDelta(records)),
    ...checkLines(result.soundness.map(soundnessLine)),
  ];
}

/** The line of a check; a warning or failure says what it means and what to do. */
function soundnessLine({ check, status, detail, means, remedy }: Soundness): Looked {
  const advised = isRaised({ status }) && means !== undefined;
  return { name: check, status, detail: advised ? `${detail}: ${means}; ${remedy}` : detail };
}

/** The line that names the result file. */
export function placeLine(out: string | undefined): string {
  return out === undefined ? "not stored; --out DIR keeps a run" : `result: ${join(out, runFiles.result)}`;
}

function largestDelta(records: readonly RunRecord[]): number {
  return records.reduce((largest, { maxDelta }) => Math.max(largest, maxDelta), 0);
}

export const marks = {
  pass: paint("green", "✓"),
  warn: paint("yellow", "!"),
  fail: paint("red", "✗"),
  skip: paint("dim", "–"),
} as const;

/** A mark, a name and a detail: one printed check. */
export interface Looked {
  readonly name: string;
  readonly status: keyof typeof marks;
  readonly detail: string;
}

/** Rows of mark, name and detail; long details are wrapped under the detail column. */
export function checkLines(
  checks: readonly Looked[],
  widest = longest(checks.map(({ name }) => name)),
): string[] {
  const indent = " ".repeat(widest + 5);
  const width = Math.max(40, Math.min(process.stderr.columns || 110, 110) - indent.length);
  return checks.flatMap(({ name, status, detail }) => {
    const [first = "", ...more] = wrapText(detail, width);
    return [`${marks[status]} ${name.padEnd(widest)}   ${first}`, ...more.map((line) => indent + line)];
  });
}

export function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length));
}
