/** The loop of a training: update by update, epoch by epoch. It owns the state. */
import { invariant, SeawallError } from "../../base/index.js";
import type { TrainingState } from "../state/state.js";
import type { Batch } from "./network.js";
import { type ScheduleOptions, scheduleFactor } from "./schedules.js";
import { type Learner, type UpdateReport, type UpdateSettings, updateState } from "./update.js";
import type { Validation } from "./validate.js";

/** One update, as logs have it. */
export interface StepEvent extends UpdateReport {
  /** Updates done, from 1. */
  readonly step: number;
  /** Epochs done, a fraction. */
  readonly epoch: number;
  readonly learningRate: number;
  /** Images of this update per second, waiting for data included. */
  readonly imagesPerSecond: number;
}

/** The end of an epoch at which a validation or a checkpoint is due. */
export interface EpochEvent {
  readonly step: number;
  readonly epoch: number;
  readonly validation: Validation | undefined;
}

export interface LoopSettings extends UpdateSettings {
  readonly learningRate: number;
  readonly schedule: ScheduleOptions;
  /** Updates per epoch. */
  readonly stepsPerEpoch: number;
  /** Epochs between validations. */
  readonly validateEvery: number;
  /** Epochs between checkpoints. */
  readonly checkpointEvery: number;
  /** Batches per update, whose gradients are summed. */
  readonly accumulate: number;
  /** Updates in a row on the same batches; 1 where none is replayed. */
  readonly replay: number;
  readonly batchSize: number;
  /** A loss above it counts as diverged. */
  readonly largestLoss: number;
}

/** What the loop calls. None of it changes the state. */
export interface LoopParts {
  /** The batches from the state's position on, which is no replay, without end. */
  readonly batches: AsyncIterable<Batch>;
  /** Undefined where no image is held out. */
  validate(state: TrainingState): Promise<Validation | undefined>;
  onStep(event: StepEvent): void;
  /** Saves the state; called after the last update of an epoch. */
  onEpoch(event: EpochEvent, state: TrainingState): Promise<void>;
  /** Whether training ends before the last step of the schedule. Asked before every update. */
  isOver(): boolean;
  /** Names the last good checkpoint in messages. */
  lastCheckpoint(): string | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Trains from a state to the last step of the schedule, or until it is over.
 * @returns the last state
 * @throws SeawallError `training` when the loss is not a number, or far above the loss of guessing
 */
export async function train(
  learner: Learner,
  start: TrainingState,
  settings: LoopSettings,
  parts: LoopParts,
): Promise<TrainingState> {
  const { accumulate, replay, schedule, stepsPerEpoch, batchSize } = settings;
  const stream = parts.batches[Symbol.asyncIterator]();
  let state = start;
  let batches: readonly Batch[] = [];
  try {
    while (state.step < schedule.steps && !parts.isOver()) {
      const started = performance.now();
      if (state.step % replay === 0) batches = await take(stream, accumulate);
      parts.signal?.throwIfAborted();
      const learningRate = settings.learningRate * scheduleFactor(state.step, schedule);
      const updated = await updateState(learner, state, batches, learningRate, settings);
      const { report } = updated;
      state = updated.state;
      refuseDiverged(report, state.step, settings.largestLoss, parts.lastCheckpoint());
      const imagesPerSecond = (1000 * batchSize * accumulate) / (performance.now() - started);
      const epoch = state.step / stepsPerEpoch;
      parts.onStep({ ...report, step: state.step, epoch, learningRate, imagesPerSecond });
      if (state.step % (stepsPerEpoch * replay) === 0) await endEpoch(epoch, state, settings, parts);
    }
    return state;
  } finally {
    await stream.return?.();
  }
}

async function endEpoch(epoch: number, state: TrainingState, settings: LoopSettings, parts: LoopParts) {
  const { step } = state;
  const last = step === settings.schedule.steps;
  // With replays an epoch's images are gone through once in as many epochs.
  const before = epoch - settings.replay;
  const due = (every: number) => last || Math.floor(epoch / every) > Math.floor(before / every);
  const validation = due(settings.validateEvery) ? await parts.validate(state) : undefined;
  if (validation || due(settings.checkpointEvery)) await parts.onEpoch({ step, epoch, validation }, state);
}

async function take(stream: AsyncIterator<Batch>, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  while (batches.length < count) {
    const { value, done } = await stream.next();
    invariant(!done, "the stream of batches ended");
    batches.push(value);
  }
  return batches;
}

function refuseDiverged(
  { loss, gradientNorm }: UpdateReport,
  step: number,
  largest: number,
  checkpoint: string | undefined,
): void {
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm) && loss <= largest) return;
  const found = Number.isFinite(loss)
    ? `the loss is ${loss.toPrecision(3)} and the length of its gradient ${gradientNorm.toPrecision(3)}`
    : `the loss is ${loss}`;
  const kept = checkpoint
    ? `the last good checkpoint is ${checkpoint}: begin from it with --init`
    : "no checkpoint was written yet: begin again";
  throw new SeawallError(
    "training",
    `training diverged at update ${step}: ${found}; ${kept}, with a lower --learning-rate, a longer warm-up or --clip 1`,
  );
}
