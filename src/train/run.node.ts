/** A training from its configuration to the exported model: the folder, the loop, what is saved when. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, SeawallError } from "../base/index.js";
import { trainingBatches } from "../data/index.node.js";
import { formatJson } from "../journal/index.js";
import { lockFolder, writeFileAtomic } from "../journal/index.node.js";
import { buildArchitecture, withWeights } from "../nn/index.js";
import { writeModelFile } from "../onnx/index.node.js";
import { engineVersion } from "../runtime/index.js";
import { type CheckpointRecord, loadCheckpoint, saveCheckpoint } from "./checkpoint.node.js";
import type { TrainingConfig } from "./config.js";
import { heldOutBatches } from "./held-out.node.js";
import { beginningWeights } from "./init.node.js";
import { TrainingLog } from "./log.node.js";
import { openLearner } from "./learner.node.js";
import { initialState, type TrainingState, weightsOf } from "./parameters.js";
import { batchOptions, planTraining, type TrainingPlan } from "./plan.node.js";
import { type EpochEvent, type StepEvent, train } from "./trainer.js";
import { type Validation, validate } from "./validate.js";

/** The files of a training's folder. */
export const trainingFiles = {
  description: "training.json",
  last: "last.safetensors",
  bestRobust: "best-robust.safetensors",
  bestClean: "best-clean.safetensors",
  model: "model.onnx",
} as const;

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
    await learner.network.dispose();
    await learner.updater.dispose();
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
  const { config, format, built } = plan;
  if (config.resume && existsSync(last)) {
    const stored = await loadCheckpoint(last, format);
    events.onNotice?.(`continuing after update ${stored.state.step} of ${plan.loop.schedule.steps}`);
    return stored;
  }
  const { weights, notices } = await beginningWeights(built.parameters, config);
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
    const kept = saved ? `${saved} is whole: make room and continue with --resume` : "make room and begin again";
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

/** Settings that change how a training runs or where it lies, and nothing that is computed. */
const harmless: readonly (keyof TrainingConfig)[] = [
  ...(["out", "resume", "workers", "checkpointEvery", "exportSize"] as const),
];

/**
 * Writes what the training is, or checks that the folder holds the same one.
 * @throws SeawallError `training` for a folder in use without --resume, or that holds another training
 */
function describeFolder({ config, training }: TrainingPlan): void {
  const file = join(config.out, trainingFiles.description);
  const now = {
    engine: engineVersion,
    data: { images: training.length, filesSha256: training.filesSha256 },
    config,
  };
  if (!existsSync(file)) return writeFileAtomic(file, formatJson(now));
  if (!config.resume) {
    throw new SeawallError(
      "training",
      `${config.out} holds a training; continue it with --resume, or give another --out`,
    );
  }
  const stored = readDescription(file);
  const different = differences(stored.config, config);
  if (stored.data.filesSha256 !== now.data.filesSha256) {
    different.push(`the training images or labels have changed (${stored.data.images} images stored, ${training.length} now): restore them`);
  }
  if (different.length > 0) {
    throw new SeawallError("training", `${config.out} holds another training: ${different.join("; ")}`);
  }
}

interface Description {
  readonly config: Readonly<Record<string, unknown>>;
  readonly data: { readonly images: number; readonly filesSha256: string };
}

function readDescription(file: string): Description {
  try {
    const { config, data } = JSON.parse(readFileSync(file, "utf8")) as Description;
    if (typeof config === "object" && typeof data?.filesSha256 === "string") return { config, data };
  } catch (error) {
    throw new SeawallError("training", `${file}: cannot be read (${messageOf(error)}); restore it`);
  }
  throw new SeawallError("training", `${file}: describes no training; restore it`);
}

function differences(stored: Readonly<Record<string, unknown>>, now: TrainingConfig): string[] {
  const given = JSON.parse(JSON.stringify(now)) as Record<string, unknown>;
  const names = [...new Set([...Object.keys(stored), ...Object.keys(given)])];
  return names
    .filter((name) => !harmless.includes(name as keyof TrainingConfig))
    .filter((name) => JSON.stringify(stored[name]) !== JSON.stringify(given[name]))
    .map((name) => `${name} ${JSON.stringify(stored[name]) ?? "unset"} stored, ${JSON.stringify(given[name]) ?? "unset"} now`);
}
