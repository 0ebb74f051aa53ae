/** Settings of an evaluation as a command line. It runs in a page, too. */
import type { EvaluationInput } from "../../evaluate/index.js";

const plain = /^[\w@%+=:,./-]+$/;

/** An argument, quoted so that a POSIX shell passes it on unchanged. */
export function shellQuote(argument: string): string {
  return plain.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** `resizeShort` → `--resize-short`. */
export function flagName(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The settings that a command line of `evalCommand` can hold: one word each, or a switch. */
type Spoken = {
  readonly [S in keyof EvaluationInput as EvaluationInput[S] extends string | number | boolean | undefined
    ? S
    : never]?: EvaluationInput[S];
} & { readonly [S in "steps" | "classes"]?: string | number } & { readonly ignoreLabel?: number | undefined };

/** The command line that evaluates with these settings, for a POSIX shell. */
export function evalCommand(settings: Spoken): string {
  const words = Object.entries(settings).flatMap(([setting, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [flagName(setting)] : [flagName(setting), String(value)];
  });
  return ["seawall", "eval", ...words].map(shellQuote).join(" ");
}
