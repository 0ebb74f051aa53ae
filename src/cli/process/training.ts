/** Trains in a thread, so that this one hears signals during an update of a large network, and shows how it goes. */
import { openThread } from "../../base/index.node.js";
import type { TrainingConfig } from "../../train/index.js";
import type { TrainingOutcome } from "../../train/index.node.js";
import { progressOf } from "../output/progress.js";
import { stepText, type TrainingProgress } from "../output/training-lines.js";
import { interruptible } from "./interrupt.js";
import { howToResume } from "./run.js";

/** What the thread tells meanwhile, as JSON: sentences, lines to print, and updates. `planned`: there is something to keep from now on. */
export type TrainingNews =
  | { readonly kind: "notice"; readonly sentence: string }
  | { readonly kind: "planned"; readonly lines: readonly string[] }
  | { readonly kind: "step"; readonly progress: TrainingProgress }
  | { readonly kind: "epoch"; readonly line: string };

/** @throws SeawallError as `runTraining` does; Interrupted after a signal */
export async function trainInThread(
  config: TrainingConfig,
  onNotice: (sentence: string) => void,
): Promise<TrainingOutcome> {
  const { signal, listen, release } = interruptible(() => howToResume(config));
  const view = progressOf<TrainingProgress>(stepText);
  const program = new URL("./training-thread.js", import.meta.url);
  const thread = openThread<"train", TrainingOutcome>("the training", program, config, (text) => {
    const news = JSON.parse(text) as TrainingNews;
    switch (news.kind) {
      case "notice":
        return onNotice(news.sentence);
      case "planned":
        listen();
        return view.say("", ...news.lines, "");
      case "step":
        return view.update(news.progress);
      case "epoch":
        return view.say(news.line);
    }
  });
  signal.addEventListener("abort", () => thread.notify("stop"));
  try {
    return await thread.request("train");
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    view.end();
    await thread.end();
    release();
  }
}
