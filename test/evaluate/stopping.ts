/** A run that is stopped from within, as by a user. */
import { expect } from "vitest";
import { type EvaluationInput, type RunEvents, runEvaluation } from "../../src/index.js";

/** Starts a run and stops it after some points. */
export async function stopAfter(points: number, settings: EvaluationInput): Promise<void> {
  const abort = new AbortController();
  let seen = 0;
  const events: RunEvents = {
    signal: abort.signal,
    onPoint: () => {
      if (++seen > points) abort.abort(new Error("stopped"));
    },
  };
  await expect(runEvaluation(settings, events)).rejects.toThrow("stopped");
}
