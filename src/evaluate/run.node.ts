/** An evaluation from files to files: plan, loop, result. */
import type { Result } from "../journal/index.js";
import type { EvaluationInput } from "./config.js";

/** What a caller may watch. */
export interface RunEvents {
  /** Each decision made while model and data were opened, one sentence each. */
  readonly onNotice?: (sentence: string) => void;
  /** The plan is made; nothing has been attacked yet. */
  readonly onPlan?: (plan: RunPlan) => void;
  /** After every pass through the model: passes done and still expected (an upper bound), of this process. */
  readonly onProgress?: (progress: { done: number; total: number; attack: string; eps: string }) => void;
  /** All images have met an attack: figures of the images that this run holds. */
  readonly onAttack?: (figures: AttackFigures) => void;
  readonly signal?: AbortSignal;
}

export interface RunPlan {
  readonly images: number;
  readonly attacks: readonly string[];
  readonly eps: readonly string[];
  /** Forward passes at most, and those that a resumed journal already holds. */
  readonly passes: number;
  readonly classes: number;
  readonly size: string;
  /** Records found in the journal on resume, of those the run will have. */
  readonly found: number;
  readonly records: number;
}

export interface AttackFigures {
  readonly attack: string;
  readonly eps: string;
  /** Mean over the images. */
  readonly aAcc: number;
  readonly mIoU: number;
  /** The worst case over the attacks at this radius so far. */
  readonly worst: { readonly aAcc: number; readonly mIoU: number } | undefined;
  readonly seconds: number;
}

/**
 * Attacks a model on labelled images and returns the result; with `out`, writes the run folder.
 * @throws SeawallError for wrong configuration, model or data; the signal's reason when aborted (what was
 * journalled stays, and `resume` continues it)
 */
export async function runEvaluation(_config: EvaluationInput, _events: RunEvents = {}): Promise<Result> {
  throw new Error("internal: not written yet");
}
