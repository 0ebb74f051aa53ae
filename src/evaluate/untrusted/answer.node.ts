/** What the process of a trial is told, and how it answers. */
import { writeSync } from "node:fs";
import type { ErrorCode } from "../../base/index.js";
import type { ExportOptions, OpenModelOptions } from "../../oracle/index.js";
import type { SessionOptions } from "../../runtime/index.js";

/** What the process does with the model: opens and differentiates the network, or exports its gradient. */
export type TrialTask =
  | {
      readonly kind: "network";
      readonly options: Omit<OpenModelOptions, "rules" | "variables">;
      readonly engine: SessionOptions;
      /** Files of plugins, whose rules the model may need. */
      readonly plugin: readonly string[];
    }
  | { readonly kind: "export"; readonly options: ExportOptions };

/** What the process is told. */
export interface TrialHead {
  readonly task: TrialTask;
  /** The model's name in messages. */
  readonly file: string;
  /** Bytes that the process may hold. */
  readonly memory: number;
}

/** What it says, in a line of `answers`; nothing if the engine ended it. */
export interface TrialAnswer {
  /** The error that refused the model; undefined if none did. */
  readonly refused?: { readonly code: ErrorCode; readonly message: string };
  /** The bound on memory was exceeded. */
  readonly large?: true;
}

/** The descriptor that it answers on: plugins may use stdout. */
export const answers = 3;

/** Written at once, since a killed process empties no buffer, and a line for each thread. */
export function answer(outcome: TrialAnswer): void {
  writeSync(answers, `${JSON.stringify(outcome)}\n`);
}
