/** An evaluation from files to files: plan, loop, result. */
import { basename } from "node:path";
import type { Attack } from "../attack/index.js";
import type { Sample } from "../data/index.js";
import {
  describeRun,
  type Journal,
  memoryJournal,
  type Result,
  type RunDescription,
  summarize,
} from "../journal/index.js";
import { openRun, writeResult } from "../journal/index.node.js";
import type { Oracle } from "../oracle/index.js";
import { engineVersion } from "../runtime/index.js";
import { type EvaluationInput, parseConfig } from "./config.js";
import { type CountedPoint, evaluate } from "./evaluate.js";
import { type AttackFigures, figuresSoFar } from "./figures.js";
import { makePlan, type Plan } from "./plan.node.js";
import { Progress, type ProgressEvent } from "./progress.js";
import { checkModel, checkRecords } from "./soundness/index.js";
import { version } from "./version.node.js";

/** What a caller may watch. */
export interface RunEvents {
  /** Each decision made while model and data were opened, and each warning, one sentence each. */
  readonly onNotice?: (sentence: string) => void;
  /** The plan is made; nothing has been attacked yet. */
  readonly onPlan?: (plan: RunPlan) => void;
  /** After every pass through the model. */
  readonly onProgress?: (progress: ProgressEvent) => void;
  /** All images have met an attack. */
  readonly onAttack?: (figures: AttackFigures) => void;
  /** Every point that is counted, with what the model says there. */
  readonly onPoint?: (point: CountedPoint & { readonly sample: Sample }) => void;
  readonly signal?: AbortSignal;
}

export interface RunPlan {
  readonly images: number;
  readonly attacks: readonly string[];
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
  const plan = await makePlan(parseConfig(input));
  for (const notice of plan.notices) onNotice?.(notice);
  return summaryOf(plan, 0);
}

/**
 * Attacks a model on labelled images and returns the result; with `out`, writes the run folder.
 * @throws SeawallError for wrong configuration, model or data; the signal's reason when aborted (what was
 * journalled stays, and `resume` continues it)
 */
export async function runEvaluation(input: EvaluationInput, events: RunEvents = {}): Promise<Result> {
  const plan = await makePlan(parseConfig(input));
  const { out, resume, seed } = plan.config;
  for (const notice of plan.notices) events.onNotice?.(notice);
  const sample = await plan.probe.read(0);
  const soundness = await checkModel({ model: await plan.model(sample), sample, seed });
  const description = describe(plan, soundness);
  if (out === undefined) return attackAll(plan, memoryJournal(description), description, events, 0);

  const run = await openRun(out, description, { resume });
  try {
    for (const warning of run.warnings) events.onNotice?.(warning);
    const result = await attackAll(plan, run, run.description, events, run.found);
    writeResult(out, result);
    return result;
  } finally {
    run.close();
  }
}

async function attackAll(
  plan: Plan,
  journal: Journal,
  description: RunDescription,
  events: RunEvents,
  found: number,
): Promise<Result> {
  const { config, data, attacks, radii } = plan;
  const summary = summaryOf(plan, found);
  events.onPlan?.(summary);
  const progress = new Progress(summary.passes, events.onProgress);
  const oracles = new OraclesBySize(plan, events, () => progress.passed());
  try {
    await evaluate({
      data,
      journal,
      attacks,
      radii,
      oracle: (size) => oracles.at(size),
      settings: { steps: config.steps, norm: "linf", accounting: config.protocol },
      seed: config.seed,
      batch: config.batchSize,
      labels: config.labels,
      onStart: (attack, eps) => progress.began(attack, eps),
      onRecord: ({ attack }) => progress.recorded(passesOf(attacks, attack, config.steps)),
      onAttack: async (attack, eps) =>
        events.onAttack?.(figuresSoFar(description, await journal.records(), attack, eps)),
      ...(events.onPoint && { onPoint: events.onPoint }),
    });
  } finally {
    await oracles.dispose();
  }
  const records = await journal.records();
  return summarize(description, records, { soundness: checkRecords(records) });
}

/** One oracle for each image size; those of the sizes least recently used are closed. */
class OraclesBySize {
  static readonly #most = 3;
  readonly #plan: Plan;
  readonly #events: RunEvents;
  readonly #onPass: () => void;
  readonly #oracles = new Map<string, Promise<Oracle>>();

  constructor(plan: Plan, events: RunEvents, onPass: () => void) {
    this.#plan = plan;
    this.#events = events;
    this.#onPass = onPass;
  }

  async at(size: { readonly height: number; readonly width: number }): Promise<Oracle> {
    const key = `${size.height}×${size.width}`;
    const oracle = this.#oracles.get(key) ?? this.#open(size);
    this.#oracles.delete(key);
    this.#oracles.set(key, oracle);
    if (this.#oracles.size > OraclesBySize.#most) {
      const [oldest, closing] = [...this.#oracles][0]!;
      this.#oracles.delete(oldest);
      await (await closing).dispose();
    }
    return oracle;
  }

  async dispose(): Promise<void> {
    for (const oracle of this.#oracles.values()) await (await oracle).dispose();
  }

  async #open(size: { readonly height: number; readonly width: number }): Promise<Oracle> {
    const { model, attacks, config, classWeights } = this.#plan;
    const { signal } = this.#events;
    return (await model(size)).oracle({
      losses: [...new Set(attacks.flatMap((attack) => attack.losses))],
      tracking: config.protocol === "authors" ? "published" : "own",
      onPass: this.#onPass,
      ...(classWeights && { classWeights }),
      ...(signal && { signal }),
    });
  }
}

/** Passes for one record: the attack's own and the recount of the kept point. */
function passesOf(attacks: readonly Attack[], name: string, steps: number): number {
  return 1 + (attacks.find((attack) => attack.name === name)?.passes(steps) ?? 0);
}

function summaryOf(plan: Plan, found: number): RunPlan {
  const { data, attacks, radii, config } = plan;
  const perImage =
    1 + radii.length * attacks.reduce((sum, { name }) => sum + passesOf(attacks, name, config.steps), 0);
  const records = data.length * (1 + radii.length * attacks.length);
  return {
    images: data.length,
    attacks: attacks.map((attack) => attack.name),
    eps: radii.map((radius) => radius.text),
    // Attacks differ in length; on resume the mean is close enough for a time left.
    passes: Math.round(data.length * perImage * (1 - found / records)),
    classes: plan.classes,
    classNames: plan.classNames,
    found,
    records,
  };
}

function describe(plan: Plan, soundness: RunDescription["soundness"]): RunDescription {
  const { config, data, attacks, radii, modelSha256, classes, classNames, graph, classWeights } = plan;
  return describeRun({
    protocol: {
      attacks: config.attacks,
      members: attacks.map((attack) => attack.name),
      eps: radii.map((radius) => radius.text),
      steps: config.steps,
      radiusSchedule: config.radiusSchedule,
      accounting: config.protocol,
      seed: config.seed,
    },
    model: {
      file: basename(config.model),
      sha256: modelSha256,
      classes,
      input: [...(graph.inputs[0]!.shape ?? [])],
      classNames: classNames ? [...classNames] : undefined,
    },
    data: {
      spec: data.spec,
      images: data.total,
      listSha256: data.listSha256,
      settings: { ...data.settings, ...(classWeights && { classWeights: [...classWeights] }) },
    },
    shard: config.shard,
    versions: { seawall: version, node: process.versions.node, [engineVersion.name]: engineVersion.version },
    engine: { device: config.device, threads: config.threads, batchSize: config.batchSize },
    config,
    soundness,
  });
}
