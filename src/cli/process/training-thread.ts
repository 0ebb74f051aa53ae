/** The thread's side of a training: trains, and tells how it goes. */
import { workerData } from "node:worker_threads";
import { parseRadius } from "../../base/index.js";
import { serveThread } from "../../base/index.node.js";
import { keepExample } from "../../report/index.node.js";
import type { TrainingConfig } from "../../train/index.js";
import { runTraining, type TrainingOutcome } from "../../train/index.node.js";
import { epochLine, planRows } from "../output/training-lines.js";
import type { TrainingNews } from "./training.js";

const stopping = new AbortController();
const notify = serveThread<"train", TrainingOutcome>({
  reply: () => train(workerData as TrainingConfig),
  onNotice: () => stopping.abort(),
  dispose: async () => {},
});
const tell = (news: TrainingNews) => notify(JSON.stringify(news));

function train(config: TrainingConfig): Promise<TrainingOutcome> {
  let [total, imagesPerUpdate] = [0, 0];
  return runTraining(config, {
    signal: stopping.signal,
    onNotice: (sentence) => tell({ kind: "notice", sentence }),
    onPlan(plan, from) {
      const { schedule, batchSize, accumulate } = plan.loop;
      [total, imagesPerUpdate] = [schedule.steps, batchSize * accumulate];
      tell({ kind: "planned", lines: planRows(plan, from) });
    },
    onStep: (event) =>
      tell({ kind: "step", progress: { ...event, done: event.step, total, imagesPerUpdate } }),
    onExample: (example) => keepExample(config.out, example, parseRadius(config.eps).value),
    onEpoch: (event) => tell({ kind: "epoch", line: epochLine(event) }),
  });
}
