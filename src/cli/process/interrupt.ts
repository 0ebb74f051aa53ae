/** Ctrl-C: the first ends a run between two passes, the second at once. */
import { say } from "../output/terminal.js";

/** Why a run ended before its end. */
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

/** By the signal itself, since an orderly exit waits for what is being computed; shells report it as 130. */
function endAtOnce(): void {
  for (const name of signals) process.removeAllListeners(name);
  process.kill(process.pid, "SIGINT");
}
