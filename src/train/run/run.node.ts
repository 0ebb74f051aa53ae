/** A training from its configuration to the exported model: plan, open, loop, export. */
import { mkdirSync } from "node:fs";
import { messageOf, SeawallError } from "../../base/index.js";
import { attempt, lockFolder, removeLeftovers } from "../../base/index.node.js";
import type { Plugin } from "../../components/index.js";
import { buildArchitecture, withWeights } from "../../nn/index.js";
import { writeModelFile } from "../../onnx/index.node.js";
import { type EpochEvent, type StepEvent, train } from "../loop/train.js";
import { type Validation, validate } from "../loop/validate.js";
import type { TrainingConfig } from "../settings/config.js";
import { type CheckpointRecord, loadCheckpoint, saveCheckpoint } from "../state/checkpoint.node.js";
import { type TrainingState, trainedWeights } from "../state/state.js";
import { type OpenTraining, openTraining } from "./open.node.js";
import { planTraining, type TrainingPlan } from "./plan.node.js";

/** Called while a training goes on. */
export interface TrainingEvents {
  readonly onNotice?: (sentence: string) => void;
  /** @param from updates that a resumed training has behind it */
  readonly onPlan?: (plan: TrainingPlan, from: number) => void;
  readonly onStep?: (event: StepEvent) => void;
  readonly onEpoch?: (event: EpochEvent) => void;
  readonly signal?: AbortSignal;
}

export interface TrainingOptions extends TrainingEvents {
  /** Losses, data sets and gradient rules of your own, as values; `plugin` in the configuration names files. */
  readonly plugins?: readonly Plugin[];
}

export interface TrainingOutcome {
  /** Updates done. */
  readonly steps: number;
  /** File of the exported network. */
  readonly model: string;
  /** The checkpoint whose weights it has. */
  readonly checkpoint: string;
  /** Figures of the held-out images at the last validation. */
  readonly validation: Validation | undefined;
  readonly best: CheckpointRecord["best"];
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
  const { signal } = events;
  const open = await openTraining(plan, signal);
  const { begun, learner, stream, heldOut, log } = open;
  for (const notice of begun.notices) events.onNotice?.(notice);
  events.onPlan?.(plan, begun.state.step);
  const keeper = new CheckpointKeeper(plan, open);
  let validation: Validation | undefined;
  let steps: number;
  try {
    const last = await train(learner, begun.state, plan.loop, {
      batches: stream.batches(),
      validate: async (state) =>
        heldOut && validate(learner.network, state, heldOut, plan.validationAttack, plan.classes),
      onStep(event) {
        log.step(event);
        events.onStep?.(event);
      },
      async onEpoch(event, state) {
        validation = event.validation ?? validation;
        await keeper.save(event, state);
        log.epoch(event);
        events.onEpoch?.(event);
      },
      lastCheckpoint: () => keeper.saved,
      ...(signal && { signal }),
    });
    steps = last.step;
  } finally {
    await open.dispose();
  }
  const checkpoint = open.file(keeper.best.bestRobust === undefined ? "last" : "bestRobust");
  const { state } = await loadCheckpoint(checkpoint, plan.format);
  await exportModel(plan, state, open.file("model"));
  return { steps, model: open.file("model"), checkpoint, validation, best: keeper.best };
}

/** Saves the last checkpoint, and the best ones by clean and by robust accuracy. */
class CheckpointKeeper {
  readonly best: Record<string, number>;
  /** The last checkpoint, once there is one. */
  saved: string | undefined;
  readonly #plan: TrainingPlan;
  readonly #file: OpenTraining["file"];

  constructor(plan: TrainingPlan, { begun, file }: OpenTraining) {
    this.#plan = plan;
    this.#file = file;
    this.best = { ...begun.best };
    this.saved = begun.state.step > 0 ? file("last") : undefined;
  }

  async save(event: EpochEvent, state: TrainingState): Promise<void> {
    for (const [name, value] of better(event, this.best)) {
      this.best[name] = value;
      await this.#write(name, state);
    }
    await this.#write("last", state);
    this.saved = this.#file("last");
  }

  async #write(name: "last" | "bestRobust" | "bestClean", state: TrainingState): Promise<void> {
    try {
      await saveCheckpoint(this.#file(name), this.#plan.format, state, this.best);
    } catch (error) {
      const kept = this.saved ? `; ${this.saved} is whole` : "";
      throw new SeawallError("training", `${messageOf(error)}${kept}`, { cause: error });
    }
  }
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

async function exportModel(plan: TrainingPlan, state: TrainingState, file: string): Promise<void> {
  const { config, network, classes, format } = plan;
  const built = buildArchitecture(config.architecture, {
    classes,
    channels: config.channels,
    size: config.exportSize ?? network.size,
    normalization: format.build.normalization,
  });
  await writeModelFile(file, withWeights(built, trainedWeights(format.layouts, state)));
}
