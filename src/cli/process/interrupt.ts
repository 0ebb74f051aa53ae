/** Ctrl-C: the first one ends a run between two passes, or after some seconds; the second one ends the process at once. */
import { say } from "../output/terminal.js";

/** The reason of a run that was stopped by the user; its message says how to go on. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const signals = ["SIGINT", "SIGTERM"] as const;

/** Milliseconds from a signal to the end at the latest: a pass of a large network can take minutes. */
const longestEnd = 4000;

/** What aborts with `Interrupted` when the process is asked to end. */
interface Interruptible {
  readonly signal: AbortSignal;
  /**
   * Begins to listen. Until then the process ends at once, as there is nothing to keep: while a model is opened, the
   * engine computes in this thread, and a listener would be called only after that.
   */
  listen(): void;
  /** Stops listening. */
  release(): void;
}

/** @param message says what is kept, and how to go on */
export function interruptible(message: () => string): Interruptible {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) endAtOnce();
    say("", "stopping after the pass in progress, or in 4 s; once more stops at once");
    controller.abort(new Interrupted(message()));
    endLater(() => say(message()));
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

/** Ends the process in some seconds, unless it has ended by then. Every line of a journal is on the disk already. */
export function endLater(before: () => void = () => {}): void {
  setTimeout(() => {
    before();
    endAtOnce();
  }, longestEnd).unref();
}

/** Ends by the signal itself: an orderly exit would wait for the computation in progress. Shells report 130. */
function endAtOnce(): void {
  for (const name of signals) process.removeAllListeners(name);
  process.kill(process.pid, "SIGINT");
}
