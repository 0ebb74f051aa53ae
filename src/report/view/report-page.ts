/** What is shown of a finished run that has no report of its own in its folder. */
import { runPage } from "./pages.js";
import type { RunState } from "./runs.node.js";

/** A page made of the run's records. */
export function finishedPage(run: RunState): string {
  return runPage(run);
}
