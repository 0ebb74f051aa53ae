/** A training from its configuration to the exported model: plan, open, loop, export. */
import { mkdirSync } from "node:fs";
import type { Tensor } from "../../base/index.js";
import { attempt, lockFolder, removeLeftovers } from "../../base/index.node.js";
import type { Plugin } from "../../components/index.js";
import { buildArchitecture, withWeights } from "../../nn/index.js";
import { writeModelFile } from "../../onnx/index.node.js";
import { type EpochEvent, type StepEvent, train } from "../loop/train.js";
import { type Validation, type ValidationExample, validate } from "../loop/validate.js";
import type { TrainingConfig } from "../settings/config.js";
import { loadTrainedWeights } from "../state/checkpoint.node.js";
import type { ValidationHistory } from "../state/history.js";
import { topFile, trainingFile } from "./folder.node.js";
import { CheckpointKeeper } from "./keeper.node.js";
import { openTraining } from "./open.node.js";
import { planTraining, type TrainingPlan } from "./plan.node.js";

/** A held-out image of this size at a validation. */
export interface TrainingExample extends ValidationExample {
  readonly height: number;
  readonly width: number;
}

/** Called while a training goes on. */
export interface TrainingEvents {
  readonly onNotice?: (sentence: string) => void;
  /** @param from updates that a resumed training has behind it */
  readonly onPlan?: (plan: TrainingPlan, from: number) => void;
  readonly onStep?: (event: StepEvent) => void;
  readonly onEpoch?: (event: EpochEvent) => void;
  /** Gets the first held-out images at each validation, before and after the attack; not those of a classifier. */
  readonly onExample?: (example: TrainingExample) => Promise<void>;
  readonly signal?: AbortSignal;
}

export interface TrainingOptions extends TrainingEvents {
  /** Losses, data sets and gradient rules of your own, as values; `plugin` in the configuration names files. */
  readonly plugins?: readonly Plugin[];
}

export interface TrainingOutcome {
  /** Updates done. */
  readonly steps: number;
  /** Whether --patience ended the training before its last update. */
  readonly stoppedEarly: boolean;
  /** File of the exported network. */
  readonly model: string;
  /** The checkpoint whose weights it has. */
  readonly checkpoint: string;
  /** Figures of the held-out images at the last validation. */
  readonly validation: Validation | undefined;
  readonly best: ValidationHistory["best"];
  /** Files of the best checkpoints that --top keeps, the best first. */
  readonly top: readonly string[];
}

/**
 * Trains, or continues the training in the folder. An interrupted training loses at most the updates after its last
 * checkpoint. Continued, it ends with the same weights, bit for bit, as one that was never interrupted.
 * @throws SeawallError for wrong settings, changed data, a loss that diverged, a full disk
 */
export async function runTraining(
  config: TrainingConfig,
  { plugins, ...events }: TrainingOptions = {},
): Promise<TrainingOutcome> {
  const plan = await planTraining(config, plugins);
  for (const notice of plan.notices) events.onNotice?.(notice);
  attempt(config.out, "created", () => mkdirSync(config.out, { recursive: true }));
  const lock = lockFolder(config.out);
  try {
    removeLeftovers(config.out);
    return await trainPlanned(plan, events);
  } finally {
    lock.release();
  }
}

async function trainPlanned(plan: TrainingPlan, events: TrainingEvents): Promise<TrainingOutcome> {
  const { out } = plan.config;
  const { steps, validation, history } = await trainToEnd(plan, events);
  const { best } = history;
  const checkpoint = trainingFile(out, best.bestRobust === undefined ? "last" : "bestRobust");
  const model = trainingFile(out, "model");
  await exportModel(plan, await loadTrainedWeights(checkpoint, plan.format), model);
  const top = history.top.map((own) => topFile(out, own));
  return { steps, stoppedEarly: steps < plan.loop.schedule.steps, model, checkpoint, validation, best, top };
}

/** All updates. What it returns holds nothing of the state, so that the export does not need memory beside it. */
async function trainToEnd(plan: TrainingPlan, events: TrainingEvents) {
  const { signal } = events;
  const open = await openTraining(plan, signal);
  const { begun, learner, stream, heldOut, log } = open;
  for (const notice of begun.notices) events.onNotice?.(notice);
  events.onPlan?.(plan, begun.state.step);
  const keeper = new CheckpointKeeper(plan, open);
  const [height, width] = plan.network.size;
  const onExample = async (example: ValidationExample) => {
    if (plan.target === "pixels") await events.onExample?.({ ...example, height, width });
  };
  let validation: Validation | undefined;
  try {
    const { step: steps } = await train(learner, begun.state, plan.loop, {
      batches: stream.batches(),
      validate: async (state) =>
        heldOut && validate(learner.network, state, heldOut, plan.validationAttack, plan.classes, onExample),
      onStep(event) {
        log.step(event);
        events.onStep?.(event);
      },
      async onEpoch(event, state) {
        validation = event.validation ?? validation;
        keeper.note(event);
        // Before the checkpoint: after a kill, lines beyond the last checkpoint are written again, and missing ones are not.
        log.epoch(event);
        if (keeper.isOver) log.stopped(event, keeper.history.stale);
        await keeper.save(state);
        events.onEpoch?.(event);
      },
      isOver: () => keeper.isOver,
      lastCheckpoint: () => keeper.saved,
      ...(signal && { signal }),
    });
    return { steps, validation, history: keeper.history };
  } finally {
    await open.dispose();
  }
}

async function exportModel(
  { config, network, classes, format }: TrainingPlan,
  weights: ReadonlyMap<string, Tensor>,
  file: string,
): Promise<void> {
  const built = buildArchitecture(config.architecture, {
    classes,
    channels: config.channels,
    size: config.exportSize ?? network.size,
    normalization: format.build.normalization,
  });
  await writeModelFile(file, withWeights(built, weights));
}
