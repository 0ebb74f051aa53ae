/** The loop of a training: batch by batch, epoch by epoch. */
import { SeawallError } from "../../base/index.js";
import type { Batch } from "./network.js";
import { type ScheduleOptions, scheduleFactor } from "./schedules.js";
import { type Learner, type StepReport, type StepSettings, trainingStep } from "./step.js";
import type { Validation } from "./validate.js";

/** One update, as logs have it. */
export interface StepEvent extends StepReport {
  /** Updates done, from 1. */
  readonly step: number;
  /** Epochs done, a fraction. */
  readonly epoch: number;
  readonly learningRate: number;
  /** Of the images of this update, waiting for data included. */
  readonly imagesPerSecond: number;
}

/** The end of an epoch at which something is due. */
export interface EpochEvent {
  readonly step: number;
  readonly epoch: number;
  readonly validation: Validation | undefined;
}

export interface LoopSettings extends StepSettings {
  readonly learningRate: number;
  readonly schedule: ScheduleOptions;
  /** Updates of an epoch. */
  readonly stepsPerEpoch: number;
  /** Epochs between validations and between checkpoints. */
  readonly validateEvery: number;
  readonly checkpointEvery: number;
  /** Batches whose gradients make one update. */
  readonly accumulate: number;
  readonly batchSize: number;
  /** A loss above it counts as diverged. */
  readonly largestLoss: number;
}

/** What the loop calls; none of it changes the weights. */
export interface LoopParts {
  /** The batches from a position on, without end. */
  batches(from: number): AsyncIterable<Batch>;
  /** Undefined where no image is held out. */
  validate(): Promise<Validation | undefined>;
  onStep(event: StepEvent): void;
  /** Saves; called after the last update of an epoch. */
  onEpoch(event: EpochEvent): Promise<void>;
  /** Names the last good checkpoint in messages. */
  lastCheckpoint(): string | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Trains from the state's step to the schedule's last.
 * @throws SeawallError `training` when the loss is no number or far above that of guessing
 */
export async function train(learner: Learner, settings: LoopSettings, parts: LoopParts): Promise<void> {
  const { state } = learner;
  const { accumulate, schedule, stepsPerEpoch } = settings;
  const stream = parts.batches(state.step * accumulate)[Symbol.asyncIterator]();
  try {
    while (state.step < schedule.steps) {
      const started = performance.now();
      const batches = await take(stream, accumulate);
      parts.signal?.throwIfAborted();
      const learningRate = settings.learningRate * scheduleFactor(state.step, schedule);
      const report = await trainingStep(learner, batches, learningRate, settings);
      refuseDiverged(report, state.step, settings.largestLoss, parts.lastCheckpoint());
      const seconds = (performance.now() - started) / 1000;
      const imagesPerSecond = (settings.batchSize * accumulate) / seconds;
      const epoch = state.step / stepsPerEpoch;
      parts.onStep({ ...report, step: state.step, epoch, learningRate, imagesPerSecond });
      if (Number.isInteger(epoch)) await endEpoch(epoch, state.step, settings, parts);
    }
  } finally {
    await stream.return?.();
  }
}

async function endEpoch(epoch: number, step: number, settings: LoopSettings, parts: LoopParts) {
  const last = step === settings.schedule.steps;
  const due = (every: number) => last || epoch % every === 0;
  const validation = due(settings.validateEvery) ? await parts.validate() : undefined;
  if (validation || due(settings.checkpointEvery)) await parts.onEpoch({ step, epoch, validation });
}

async function take(stream: AsyncIterator<Batch>, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  while (batches.length < count) {
    const { value, done } = await stream.next();
    if (done) throw new Error("internal: the stream of batches ended");
    batches.push(value);
  }
  return batches;
}

function refuseDiverged(
  { loss, gradientNorm }: StepReport,
  step: number,
  largest: number,
  checkpoint: string | undefined,
): void {
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm) && loss <= largest) return;
  const what = Number.isFinite(loss)
    ? `the loss is ${loss.toPrecision(3)} and its gradient ${gradientNorm.toPrecision(3)} long`
    : `the loss is ${loss}`;
  const kept = checkpoint
    ? `the last good checkpoint is ${checkpoint}: begin from it with --init`
    : "no checkpoint was written yet: begin again";
  throw new SeawallError(
    "training",
    `training diverged at update ${step}: ${what}; ${kept}, with a lower --learning-rate, a longer warm-up or --clip 1`,
  );
}
