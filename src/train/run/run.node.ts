/** A training from its configuration to the exported model: the folder, the loop, what is saved when. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf, SeawallError } from "../../base/index.js";
import { lockFolder } from "../../base/index.node.js";
import { trainingBatches } from "../../data/index.node.js";
import { buildArchitecture, withWeights } from "../../nn/index.js";
import { writeModelFile } from "../../onnx/index.node.js";
import { type EpochEvent, type StepEvent, train } from "../loop/trainer.js";
import { type Validation, validate } from "../loop/validate.js";
import type { TrainingConfig } from "../settings/config.js";
import { type CheckpointRecord, loadCheckpoint, saveCheckpoint } from "../state/checkpoint.node.js";
import { initialState, type TrainingState, weightsOf } from "../state/parameters.js";
import { describeFolder, trainingFiles } from "./folder.node.js";
import { heldOutBatches } from "./held-out.node.js";
import { beginningWeights } from "./init.node.js";
import { disposeLearner, openLearner } from "./learner.node.js";
import { TrainingLog } from "./log.node.js";
import { batchOptions, planTraining, type TrainingPlan } from "./plan.node.js";

/** What happens in a training, as it happens. */
export interface TrainingEvents {
  readonly onNotice?: (sentence: string) => void;
  readonly onPlan?: (plan: TrainingPlan, from: number) => void;
  readonly onStep?: (event: StepEvent) => void;
  readonly onEpoch?: (event: EpochEvent) => void;
  readonly signal?: AbortSignal;
}

export interface TrainingOutcome {
  /** Updates done. */
  readonly steps: number;
  /** The exported network. */
  readonly model: string;
  /** The checkpoint whose weights it has. */
  readonly checkpoint: string;
  /** Of the held-out images, at the last validation. */
  readonly validation: Validation | undefined;
  readonly best: CheckpointRecord["best"];
}

/**
 * Trains, or continues what was begun in the folder; an interrupted training loses at most what came after its last
 * checkpoint, and continued it has the same weights, to the bit, as one that was left alone.
 * @throws SeawallError for wrong settings, data that changed, a loss that diverged, a disk that is full
 */
export async function runTraining(
  config: TrainingConfig,
  events: TrainingEvents = {},
): Promise<TrainingOutcome> {
  const plan = await planTraining(config);
  for (const notice of plan.notices) events.onNotice?.(notice);
  mkdirSync(config.out, { recursive: true });
  const lock = lockFolder(config.out);
  try {
    return await trainIn(plan, events);
  } finally {
    lock.release();
  }
}

async function trainIn(plan: TrainingPlan, events: TrainingEvents): Promise<TrainingOutcome> {
  const { config, format, loop } = plan;
  const file = (name: string) => join(config.out, name);
  describeFolder(plan);
  const begun = await beginOrContinue(plan, file(trainingFiles.last), events);
  const best = { ...begun.best };
  const learner = await openLearner(plan, begun.state);
  const log = new TrainingLog(config.out, begun.state.step);
  const stream = trainingBatches(plan.training, {
    ...batchOptions(plan),
    from: begun.state.step * loop.accumulate,
    ...(events.signal && { signal: events.signal }),
  });
  const heldOut = await heldOutBatches(plan);
  let saved = begun.state.step > 0 ? file(trainingFiles.last) : undefined;
  let validation: Validation | undefined;
  events.onPlan?.(plan, begun.state.step);

  try {
    await train(learner, loop, {
      batches: () => stream.batches(),
      validate: async () =>
        heldOut && validate(learner.network, learner.state, heldOut, plan.validationAttack, plan.classes),
      onStep(event) {
        log.step(event);
        events.onStep?.(event);
      },
      async onEpoch(event) {
        validation = event.validation ?? validation;
        for (const [name, value] of better(event, best)) {
          best[name] = value;
          await save(plan, learner.state, file(trainingFiles[name]), best, saved);
        }
        await save(plan, learner.state, file(trainingFiles.last), best, saved);
        saved = file(trainingFiles.last);
        log.epoch(event);
        events.onEpoch?.(event);
      },
      lastCheckpoint: () => saved,
      ...(events.signal && { signal: events.signal }),
    });
  } finally {
    await stream.dispose();
    await disposeLearner(learner);
  }

  const chosen = file(best.bestRobust === undefined ? trainingFiles.last : trainingFiles.bestRobust);
  const { state } = await loadCheckpoint(chosen, format);
  await exportModel(plan, state, file(trainingFiles.model));
  return {
    ...{ steps: learner.state.step, model: file(trainingFiles.model), checkpoint: chosen },
    ...{ validation, best },
  };
}

async function beginOrContinue(plan: TrainingPlan, last: string, events: TrainingEvents) {
  const { config, format, builds } = plan;
  if (config.resume && existsSync(last)) {
    const stored = await loadCheckpoint(last, format);
    events.onNotice?.(`continuing after update ${stored.state.step} of ${plan.loop.schedule.steps}`);
    return stored;
  }
  const { weights, notices } = await beginningWeights(builds.training.parameters, config);
  for (const notice of notices) events.onNotice?.(notice);
  return { state: initialState(format.layouts, weights, config.optimizer, format.averaging), best: {} };
}

/** The figures of an epoch that are better than the best so far. */
function better({ validation }: EpochEvent, best: CheckpointRecord["best"]) {
  const figures = [
    ["bestRobust", validation?.robust.aAcc],
    ["bestClean", validation?.clean.aAcc],
  ] as const;
  return figures.filter(
    (entry): entry is readonly [(typeof figures)[number][0], number] =>
      typeof entry[1] === "number" && entry[1] > (best[entry[0]] ?? -1),
  );
}

async function save(
  { format }: TrainingPlan,
  state: TrainingState,
  file: string,
  best: CheckpointRecord["best"],
  saved: string | undefined,
): Promise<void> {
  try {
    await saveCheckpoint(file, format, state, best);
  } catch (error) {
    const kept = saved
      ? `${saved} is whole: make room and continue with --resume`
      : "make room and begin again";
    throw new SeawallError("training", `${messageOf(error)}; ${kept}`, { cause: error });
  }
}

async function exportModel(plan: TrainingPlan, state: TrainingState, file: string): Promise<void> {
  const { config, network, classes, format } = plan;
  const built = buildArchitecture(config.architecture, {
    classes,
    size: config.exportSize ?? network.size,
    normalization: format.build.normalization,
  });
  await writeModelFile(file, withWeights(built, weightsOf(format.layouts, state)));
}
