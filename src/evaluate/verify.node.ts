/** Is a stored run true? A sample of its records is made again from model and data, and compared. */
import { join } from "node:path";
import { inPlace, invariant, messageOf, randomStream, SeawallError } from "../base/index.js";
import {
  compareDescriptions,
  type RunDescription,
  type RunRecord,
  resultDifferences,
  runFiles,
  sortRecords,
} from "../journal/index.js";
import { hasResult, readResult, readRun } from "../journal/index.node.js";
import { Chain, idleRecord, isIdle } from "./chain.js";
import { describePlan } from "./describe.node.js";
import { type EvaluationConfig, parseConfig } from "./plan/config.js";
import { makePlan, type Plan } from "./plan/plan.node.js";
import { noPoints } from "./points.js";
import { compareRecords, type RecordVerdict } from "./verdict.js";
import { openImageWorkers, type WorkerWatch } from "./workers/image-workers.node.js";

type Overrides = { readonly [S in keyof EvaluationConfig]?: EvaluationConfig[S] | undefined };

export interface VerifyOptions extends WorkerWatch {
  /** How many records are made again; default 10. */
  readonly sample?: number;
  /** Which ones: decided by the seed alone; default 0. */
  readonly seed?: number;
  /** By how much an image's accuracy may differ; default 0, and then everything else must be equal, too. */
  readonly tolerance?: number;
  /** Settings instead of the stored ones: where files are now, and how it is run. */
  readonly settings?: Overrides;
  /** Model and data are open; records are made again from here on. */
  readonly onPlan?: () => void;
  /** A record was made again. */
  readonly onVerdict?: (verdict: RecordVerdict) => void;
  /** What may move last digits, a sentence each. */
  readonly onNotice?: (sentence: string) => void;
}

export interface Verification {
  readonly schemaVersion: 1;
  readonly match: boolean;
  /** Records in the journal. */
  readonly records: number;
  readonly seed: number;
  readonly tolerance: number;
  /** Those that were made again. */
  readonly sample: readonly RecordVerdict[];
  /** Figures of `result.json` that are not those of the journal; null where there is no such file. */
  readonly result: readonly string[] | null;
  /** Versions and devices that are others than the run's. */
  readonly notices: readonly string[];
  /** Whether the lines of the journal are sealed, so that one that was changed is an error; false for older runs. */
  readonly sealed: boolean;
}

/**
 * Makes a sample of a run's records again, with the model and data that `run.json` names.
 * @throws SeawallError `journal` for a damaged run, or one without records; `usage` if model, data or settings are
 * not those of the run; `data` if an image has changed; the signal's reason when aborted
 */
export async function verifyRun(dir: string, options: VerifyOptions = {}): Promise<Verification> {
  const { sample = 10, seed = 0, tolerance = 0, onNotice } = options;
  const { description, records } = readRun(dir);
  const stored = hasResult(dir) ? readResult(dir) : undefined;
  const result = inPlace(join(dir, runFiles.journal), () =>
    stored ? resultDifferences(stored, description, records) : null,
  );
  const plan = await planAgain(dir, description, options.settings);
  const notices = changesSince(dir, description, plan);
  for (const notice of notices) onNotice?.(notice);
  options.onPlan?.();
  const chosen = drawRecords(dir, sortRecords(description, records), sample, seed);
  const verdicts = await makeAgain(plan, records, chosen, { ...options, tolerance });
  const match = verdicts.every((verdict) => verdict.match) && (result ?? []).length === 0;
  return {
    schemaVersion: 1,
    match,
    records: records.length,
    seed,
    tolerance,
    sample: verdicts,
    result,
    notices,
    sealed: description.identity !== undefined,
  };
}

async function planAgain(
  dir: string,
  { config, shard }: RunDescription,
  settings: Overrides = {},
): Promise<Plan> {
  // A stored run may come from anyone: the code of plugins is run only if the caller names them.
  const { out, resume, saveImages, gate, plugin, costs, queue, ...stored } = config;
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  try {
    const again = parseConfig({ ...stored, ...Object.fromEntries(given) });
    return await makePlan(again, [], undefined, shard);
  } catch (error) {
    if (!(error instanceof SeawallError)) throw error;
    const file = join(dir, runFiles.run);
    const plugins = config.plugin
      ? "; it used plugins, which are loaded only if named again with --plugin"
      : "";
    const flags = config.surrogate
      ? "--model, --surrogate, --data and --classes"
      : "--model, --data and --classes";
    const remedy = `paths are as ${file} has them; ${flags} say where files are now${plugins}`;
    throw new SeawallError(error.code, `${messageOf(error)}\n  ${remedy}`, { cause: error });
  }
}

/** @returns what differs and decides no number */
function changesSince(dir: string, stored: RunDescription, plan: Plan): string[] {
  const { deciding, harmless } = compareDescriptions(stored, describePlan(plan, stored.soundness));
  if (deciding.length > 0) {
    throw new SeawallError(
      "usage",
      `${dir}: model, data or settings are not those of the run:\n  ${deciding.join("\n  ")}`,
    );
  }
  return harmless.filter((difference) => /^(versions|engine\.device)/.test(difference));
}

function drawRecords(dir: string, records: readonly RunRecord[], sample: number, seed: number): RunRecord[] {
  if (records.length === 0) {
    throw new SeawallError(
      "journal",
      `${join(dir, runFiles.journal)}: no record, so there is nothing to verify`,
    );
  }
  const stream = randomStream("verify", seed);
  const drawn = records.map((_, i) => ({ i, key: stream.next() })).sort((a, b) => a.key - b.key);
  const chosen = drawn.slice(0, sample).sort((a, b) => a.i - b.i);
  return chosen.map(({ i }) => records[i]!);
}

async function makeAgain(
  plan: Plan,
  all: readonly RunRecord[],
  records: readonly RunRecord[],
  { tolerance, onVerdict, ...watch }: VerifyOptions & { readonly tolerance: number },
): Promise<RecordVerdict[]> {
  const positions = new Map(plan.data.ids.map((id, position) => [id, position]));
  const [worker] = await openImageWorkers({ ...plan, config: { ...plan.config, parallel: 1 } }, watch);
  invariant(worker, "records are made again by one worker");
  const { attacks: members, config } = plan;
  const chain = new Chain({
    ...{ members, seed: config.seed, leastGain: plan.leastGain, images: plan.data.total },
    records: () => all,
    points: noPoints,
  });
  const verdicts: RecordVerdict[] = [];
  try {
    for (const stored of records) {
      const sample = await plan.data.read(positions.get(stored.image)!);
      refuseChanged(stored, sample.hash);
      const onward = await (await chain.onwardOf(stored))(sample, worker);
      const record = isIdle(onward)
        ? idleRecord(onward, stored.attack)
        : (await worker.attack(sample, stored, onward)).record;
      const verdict = compareRecords(stored, record, tolerance);
      verdicts.push(verdict);
      onVerdict?.(verdict);
    }
    return verdicts;
  } finally {
    await worker.dispose();
  }
}

function refuseChanged({ image, hash }: RunRecord, now: string): void {
  if (hash === now) return;
  throw new SeawallError(
    "data",
    `image "${image}" is another one than in the run; restore it, or see --data`,
  );
}
