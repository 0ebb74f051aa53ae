/** Ctrl-C: the first one ends a run between two passes, the second one ends the process at once. */
import { say } from "../output/terminal.js";

/** The reason of a run that was stopped by the user. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const signals = ["SIGINT", "SIGTERM"] as const;

/** A signal that aborts with `Interrupted` when the process is asked to end; `release` stops listening. */
export function interruptible(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) endAtOnce();
    say("", "stopping after the pass in progress; once more stops at once");
    controller.abort(new Interrupted("interrupted"));
  };
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release() {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}

/** Ends by the signal itself: an orderly exit would wait for the computation in progress. Shells report 130. */
function endAtOnce(): void {
  for (const name of signals) process.removeAllListeners(name);
  process.kill(process.pid, "SIGINT");
}
