/** Runs an evaluation with progress on stderr, and explains interruptions. */
import type { EvaluationConfig } from "../../evaluate/index.js";
import { type RunEvents, type RunPlan, runEvaluation } from "../../evaluate/index.node.js";
import type { Result } from "../../journal/index.js";
import { attackLine, planLines } from "../output/lines.js";
import { progressView } from "../output/progress.js";
import { programWords, resumeCommand } from "../output/quote.js";
import { interruptible } from "./interrupt.js";
import { keepPoints } from "./keep.js";

/** Runs an evaluation and reports its progress on stderr. */
export async function attack(
  config: EvaluationConfig,
  more: Pick<RunEvents, "onPoint" | "onStage"> = {},
): Promise<Result> {
  const { signal, listen, release } = interruptible(() => howToResume(config));
  const view = progressView();
  const share = config.labels === "self" ? "consistency" : "aAcc";
  const keep = keepPoints(config);
  let plan: RunPlan | undefined;
  try {
    return await runEvaluation(config, {
      signal,
      background: true,
      onNotice: (sentence) => view.say(sentence),
      onPlan(made) {
        listen();
        plan = made;
        view.say("", ...planLines(made), "");
      },
      onProgress: (event) => view.update(event),
      onAttack: (figures) => view.say(attackLine(figures, plan!, share)),
      ...(keep && { onPoint: keep }),
      ...more,
      onStage(stage) {
        // Summing up a large journal keeps this thread busy, so that it would not hear a signal.
        if (stage === "result") release();
        more.onStage?.(stage);
      },
    });
  } catch (error) {
    // Errors raised while a run is being stopped are consequences of stopping it.
    throw signal.aborted ? signal.reason : error;
  } finally {
    view.end();
    release();
  }
}

/** The message after an interruption, with the command that continues the run. */
export function howToResume({ out }: { readonly out?: string | undefined }): string {
  if (out === undefined) return "interrupted; nothing is kept of a run without a run folder";
  const program = programWords(process.env, process.argv[1]!, process.cwd());
  const command = resumeCommand(program, process.argv.slice(2));
  return `interrupted; what was finished is kept in ${out}. Continue with\n  ${command}`;
}
