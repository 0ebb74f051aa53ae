/** An evaluation from files to files: plan, loop, result. */
import type { Sample } from "../data/index.js";
import {
  type AttackFigures,
  cleanAttack,
  type Journal,
  memoryJournal,
  type Result,
  type RunDescription,
  RunningFigures,
  type RunRecord,
  type Soundness,
  summarize,
  withGates,
} from "../journal/index.js";
import { openRun, readOtherShards, writePerturbed, writeResult } from "../journal/index.node.js";
import { Chain } from "./chain.js";
import { describePlan } from "./describe.node.js";
import { evaluate } from "./evaluate.js";
import { perturbedFiles } from "./perturbed.js";
import { type EvaluationInput, parseConfig } from "./plan/config.js";
import { makePlan, type Plan } from "./plan/plan.node.js";
import { renameSettings } from "./plan/renamed.js";
import { pointsInMemory } from "./points.js";
import { pointsOnDisk } from "./points.node.js";
import { Progress, type ProgressEvent } from "./progress.js";
import { openQueueWorkers } from "./queue/queue-workers.node.js";
import { checkModel, checkRecords } from "./soundness/index.js";
import {
  type AttackedImage,
  type CountedPoint,
  type ImageWorker,
  passesOf,
  type WorkerPool,
} from "./workers/image-worker.js";
import { openImageWorkers, threadsOfWorker } from "./workers/image-workers.node.js";
import type { AttackTrace } from "./workers/trace.js";

/** What a caller may watch. */
export interface RunEvents {
  /** Each decision made while model and data were opened, and each warning, one sentence each. */
  readonly onNotice?: (sentence: string) => void;
  /** A stage begins; the one before has ended. Attacks at several radii are one stage. */
  readonly onStage?: (stage: RunStage) => void;
  /** The plan is made; nothing has been attacked yet. */
  readonly onPlan?: (plan: RunPlan) => void;
  /** After every pass through the model. */
  readonly onProgress?: (progress: ProgressEvent) => void;
  /** All images have met an attack. */
  readonly onAttack?: (figures: AttackFigures) => void;
  /**
   * Every point that is counted, with what the model says there. Its record is journalled afterwards, so that what
   * is written of a point is there when its record is.
   */
  readonly onPoint?: (point: PointEvent) => void | Promise<void>;
  readonly signal?: AbortSignal;
  /** Attacks in worker threads, however few, so that this thread stays free; default: a single one runs in this thread. */
  readonly background?: boolean;
}

/** What a run does, one after the other: opens model and data, checks the model, predicts, attacks, summarises. */
export type RunStage = "plan" | "checks" | "clean" | "attacks" | "result";

/** A point that was counted: the clean image (attack `clean`), or what an attack kept. */
export interface PointEvent extends Omit<CountedPoint, "pixels"> {
  readonly attack: string;
  readonly eps: string;
  /** C·H·W floats in [0, 1]. */
  readonly point: Float32Array;
  readonly sample: Sample;
  readonly record: RunRecord;
  /** How the attack came there, for the images whose attacks are traced. */
  readonly trace?: AttackTrace;
}

export interface RunPlan {
  readonly images: number;
  /** All, with those of rounds. */
  readonly attacks: readonly string[];
  /** The most rounds that may follow the other attacks; 0 for a run without rounds. */
  readonly rounds: number;
  readonly eps: readonly string[];
  /** Forward passes of this process at most. */
  readonly passes: number;
  readonly classes: number;
  readonly classNames: readonly string[] | undefined;
  /** Records found in the journal on resume, of those the run will have. */
  readonly found: number;
  readonly records: number;
}

/** Opens model and data and says what a run would do, without doing it. */
export async function planEvaluation(input: EvaluationInput, { onNotice }: RunEvents = {}): Promise<RunPlan> {
  const plan = await makePlan(parseConfig(input), input.plugins, onNotice);
  for (const notice of noticesOf(input, plan)) onNotice?.(notice);
  return summaryOf(plan, 0);
}

/**
 * Attacks a model on labelled images and returns the result; with `out`, writes the run folder.
 * @throws SeawallError for wrong configuration, model or data; the signal's reason when aborted (what was
 * journalled stays, and `resume` continues it)
 */
export async function runEvaluation(input: EvaluationInput, events: RunEvents = {}): Promise<Result> {
  events.onStage?.("plan");
  const plan = await makePlan(parseConfig(input), input.plugins, events.onNotice);
  const { out, resume } = plan.config;
  for (const notice of noticesOf(input, plan)) events.onNotice?.(notice);
  // Threads start while the model is checked.
  const local = plan.config.queue === undefined ? await openLocalWorkers(plan, events) : undefined;
  try {
    events.onStage?.("checks");
    const description = describePlan(plan, await checkProbe(plan, local?.workers));
    const attacking = { plan, events, local };
    if (out === undefined) return await attackAll(attacking, memoryJournal(description), description, 0);

    const run = await openRun(out, description, { resume });
    try {
      for (const warning of run.warnings) events.onNotice?.(warning);
      const result = await attackAll(attacking, run, run.description, run.found);
      if (!result.waiting) writeResult(out, result);
      return result;
    } finally {
      run.close();
    }
  } finally {
    await local?.close();
  }
}

/**
 * The checks of the model, with as many threads as each worker has. A worker in a thread makes those of the logits
 * meanwhile, unless they are about a model with rounding, whose other form stays here.
 */
async function checkProbe(plan: Plan, [worker]: readonly ImageWorker[] = []): Promise<Soundness[]> {
  const { probe: sample, config } = plan;
  const threads = threadsOfWorker(plan);
  const model = await plan.model.at(sample);
  const engine = { ...plan.engine, ...(threads !== undefined && { threads }) };
  const meanwhile = model.smooth ? undefined : worker?.checkLogits?.(sample);
  // Its error is thrown when it is awaited, after the check of the gradient.
  meanwhile?.catch(() => {});
  return checkModel({ model, sample, seed: config.seed, engine }, meanwhile);
}

function noticesOf(input: EvaluationInput, plan: Plan): string[] {
  return [...renameSettings({ ...input }).notices, ...plan.notices];
}

interface Attacking {
  readonly plan: Plan;
  readonly events: RunEvents;
  /** Workers on this machine; undefined for a run with a queue. */
  readonly local: LocalWorkers | undefined;
}

async function attackAll(
  { plan, events, local }: Attacking,
  journal: Journal,
  description: RunDescription,
  found: number,
): Promise<Result> {
  const { config, data, attacks, radii } = plan;
  const figures = new RunningFigures(description, await journal.records());
  const summary = summaryOf(plan, found);
  events.onPlan?.(summary);
  const progress = new Progress(summary.passes, events.onProgress);
  const chain = chainOf(plan, figures, description);
  events.onStage?.("clean");
  let attacking = false;
  const onPass = () => progress.passed();
  local?.listen(onPass);
  const remote = local ? undefined : await openQueue(plan, events, onPass);
  let waiting: string[] | undefined;
  try {
    waiting = await evaluate({
      data,
      journal,
      workers: (local ?? remote)!.workers,
      attacks: attacks.map(({ attack }) => attack.name),
      radii: radii.map((radius) => radius.text),
      isReady: (slot) => chain.isReady(slot),
      onwardOf: (slot) => chain.onwardOf(slot),
      onStart({ attack, eps }) {
        progress.began(attack, eps);
        if (!attacking && attack !== cleanAttack) events.onStage?.("attacks");
        attacking = attack !== cleanAttack;
      },
      onOutcome: async (outcome) => {
        if (config.saveImages) writePerturbed(config.out!, perturbedFiles(description, outcome));
        await events.onPoint?.(pointEvent(outcome));
        chain.keep(outcome.record, outcome.point.pixels);
      },
      onRadius: (eps) => chain.forget(eps),
      onRecord: (record) => {
        const [planned, expected] = passesFor(plan, record);
        figures.add(record);
        progress.recorded(expected);
        progress.spared(planned - expected);
      },
      onAttack(slot) {
        if (chain.takesSteps(slot)) events.onAttack?.(figures.figures(slot.attack, slot.eps));
      },
    });
  } finally {
    await remote?.close(waiting !== undefined);
  }
  events.onStage?.("result");
  const records = await journal.records();
  if (waiting.length > 0) return summarizeWithout(waiting, description, records);
  const result = summarize(description, records, { soundness: checkRecords(records, description) });
  const { gate = [], gateDespiteChecks: despiteChecks, gateAllow: allow = [] } = config;
  return withGates(result, gate, { despiteChecks, allow });
}

/** Workers on this machine. */
interface LocalWorkers extends Pick<WorkerPool, "workers"> {
  /** Who is told of every pass from now on. */
  listen(onPass: () => void): void;
  close(): Promise<void>;
}

async function openLocalWorkers(
  plan: Plan,
  { signal, background = false }: RunEvents,
): Promise<LocalWorkers> {
  let listener = () => {};
  const watch = { onPass: () => listener(), background, ...(signal && { signal }) };
  const workers = await openImageWorkers(plan, watch);
  return {
    workers,
    listen(onPass) {
      listener = onPass;
    },
    close: async () => void (await Promise.all(workers.map((worker) => worker.dispose()))),
  };
}

/** Workers on the machines that work for the run's queue. */
function openQueue(plan: Plan, events: RunEvents, onPass: () => void): Promise<WorkerPool> {
  const { onNotice, signal } = events;
  const watch = { onPass, ...(signal && { signal }) };
  return openQueueWorkers(plan, { ...watch, tell: (sentence) => onNotice?.(sentence) });
}

/** The result of a shard so far: without the attacks that wait for other shards. */
function summarizeWithout(
  waiting: readonly string[],
  description: RunDescription,
  records: readonly RunRecord[],
): Result {
  const isDone = (attack: string) => !waiting.includes(attack);
  const members = description.protocol.members.filter(({ name }) => isDone(name));
  const run = { ...description, protocol: { ...description.protocol, members } };
  const own = records.filter(({ attack }) => isDone(attack));
  const result = summarize(run, own, { soundness: checkRecords(own, run) });
  return { ...result, waiting: [...waiting] };
}

/** @param figures its records are those of the journal, which is not read again for every attack */
function chainOf({ attacks, config, leastGain }: Plan, figures: RunningFigures, description: RunDescription) {
  const { out, seed, after = [] } = config;
  const points = out === undefined ? pointsInMemory() : pointsOnDisk(out, description);
  const others = readOtherShards(after, description);
  const records = () => [...figures.records(), ...others];
  const images = description.data.images;
  return new Chain({ members: attacks, images, seed, leastGain, records, points });
}

function pointEvent({
  record,
  point,
  sample,
  trace,
}: AttackedImage & { readonly sample: Sample }): PointEvent {
  const { attack, eps } = record;
  const { pixels, classes, labels } = point;
  return { attack, eps, sample, point: pixels, classes, labels, record, ...(trace && { trace }) };
}

const isWindowed = ({ config }: Plan) => config.window !== undefined;

/** Forward passes at most for a record: as planned for each image, and with the steps that this image was given. */
function passesFor(plan: Plan, { attack, steps }: RunRecord): readonly [planned: number, expected: number] {
  const member = plan.attacks.find((other) => other.attack.name === attack);
  const planned = passesOf(member, isWindowed(plan));
  if (!member || steps === undefined) return [planned, planned];
  return [planned, steps === 0 ? 0 : passesOf({ ...member, steps }, isWindowed(plan))];
}

function summaryOf(plan: Plan, found: number): RunPlan {
  const { data, attacks, radii } = plan;
  const windowed = isWindowed(plan);
  const perImage = 1 + radii.length * attacks.reduce((sum, member) => sum + passesOf(member, windowed), 0);
  const records = data.length * (1 + radii.length * attacks.length);
  return {
    images: data.length,
    attacks: attacks.map(({ attack }) => attack.name),
    rounds: Math.max(...attacks.map(({ round = 0 }) => round)),
    eps: radii.map((radius) => radius.text),
    // Attacks differ in length; on resume the mean is close enough for a time left.
    passes: Math.round(data.length * perImage * (1 - found / records)),
    classes: plan.classes,
    classNames: plan.classNames,
    found,
    records,
  };
}
