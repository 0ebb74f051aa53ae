/** Ctrl-C: the first one ends a run between two passes, the second one ends the process at once. */
import { say } from "../output/terminal.js";

/** The reason of a run that was stopped by the user. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const signals = ["SIGINT", "SIGTERM"] as const;

/** What aborts with `Interrupted` when the process is asked to end. */
interface Interruptible {
  readonly signal: AbortSignal;
  /**
   * Begins to listen. Until then the process ends at once, as there is nothing to keep: while a model is opened, the
   * engine computes for longer than between two passes, and a listener would be called only after that.
   */
  listen(): void;
  /** Stops listening. */
  release(): void;
}

export function interruptible(): Interruptible {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) endAtOnce();
    say("", "stopping after the pass in progress; once more stops at once");
    controller.abort(new Interrupted("interrupted"));
  };
  return {
    signal: controller.signal,
    listen() {
      for (const name of signals) process.on(name, onSignal);
    },
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
