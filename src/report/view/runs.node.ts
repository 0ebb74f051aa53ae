/** Finding run folders, and reading their state. A run is read again when its files change. */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { SeawallError } from "../../base/index.js";
import { isBeingWritten } from "../../base/index.node.js";
import { missingOf, resultDifferences, runFiles } from "../../journal/index.js";
import { hasResult, type RunWorkers, readResult, readRun, readRunWorkers } from "../../journal/index.node.js";
import { damageOf, type RunFolder, refuseLink } from "./folders.node.js";
import { type LatestAttack, latestAttack } from "./latest.node.js";
import { overviewOf, type RunOverview } from "./overview.js";

type EvaluationFolder = RunFolder & { readonly kind: "evaluation" };

/** The state of a run folder. If it is `damaged`, `problem` says why. */
export interface RunState extends RunFolder {
  readonly kind: "evaluation";
  readonly status: "complete" | "running" | "stopped" | "damaged";
  readonly overview: RunOverview | undefined;
  readonly problem: string | undefined;
  /** What one that is not complete attacked last. */
  readonly latest?: LatestAttack | undefined;
  /** Who works for a running one with a queue. */
  readonly workers?: RunWorkers | undefined;
}

/** States of runs, cached until their files change. */
export class RunStates {
  readonly #known = new Map<string, { readonly stamp: string; readonly state: RunState }>();

  of(folder: EvaluationFolder): RunState {
    const stamp = stampOf(folder.dir);
    const known = this.#known.get(folder.id);
    const state = known?.stamp === stamp ? known.state : readState(folder);
    this.#known.set(folder.id, { stamp, state });
    // Changes more often than the figures, and is quickly read.
    return state.status === "running" ? { ...state, workers: workersOf(folder) } : state;
  }
}

/** A text that changes if a file of the run changes, or if a process starts or stops writing. */
function stampOf(dir: string): string {
  const files = Object.values(runFiles).map((name) => {
    const stat = lstatSync(join(dir, name), { throwIfNoEntry: false });
    return stat ? `${stat.size} ${stat.mtimeMs}` : "none";
  });
  return [...files, isBeingWritten(dir)].join();
}

/** Nothing for a damaged file: it is written anew every few seconds. */
function workersOf({ dir }: EvaluationFolder): RunWorkers | undefined {
  try {
    return readRunWorkers(dir);
  } catch {
    return undefined;
  }
}

function readState(folder: EvaluationFolder): RunState {
  try {
    const { overview, latest } = readSoFar(folder.dir);
    const status = overview.complete ? "complete" : isBeingWritten(folder.dir) ? "running" : "stopped";
    return { ...folder, status, overview, latest, problem: undefined };
  } catch (error) {
    return { ...folder, status: "damaged", overview: undefined, problem: damageOf(folder, error) };
  }
}

/** @throws SeawallError if the folder is damaged or its result differs from its journal, naming file and line */
function readSoFar(dir: string): Pick<RunState, "latest"> & { readonly overview: RunOverview } {
  for (const name of Object.values(runFiles)) refuseLink(join(dir, name));
  const run = readRun(dir);
  const complete = missingOf(run.description, run.records).records === 0;
  if (!complete) return { overview: overviewOf(run), latest: latestAttack(dir, run) };
  if (!hasResult(dir)) return { overview: overviewOf(run) };
  const result = readResult(dir);
  const [first] = resultDifferences(result, run.description, run.records);
  if (first)
    throw new SeawallError("journal", `${join(dir, runFiles.result)}: differs from the journal: ${first}`);
  return { overview: overviewOf(run, result) };
}
