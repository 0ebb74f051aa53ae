/** The state of each training: its figures so far, read on where the last reading ended. */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { isBeingWritten } from "../../base/index.node.js";
import type { PictureKey } from "../../journal/index.js";
import {
  type LogPlace,
  listPictures,
  readTrainingDescription,
  readTrainingLog,
  trainingRecords,
} from "../../journal/index.node.js";
import { attackPictures } from "../html/parts.js";
import { damageOf, isFile, type RunFolder, refuseLink } from "./folders.node.js";
import { pictureIn } from "./latest.node.js";
import { type TrainingOverview, TrainingSoFar, trainingOverview } from "./training-overview.js";
import type { ExamplePictures } from "./training-pages.js";

type TrainingFolder = RunFolder & { readonly kind: "training" };

/** The state of a training's folder. If it is `damaged`, `problem` says why. */
export interface WatchedTraining extends RunFolder {
  readonly kind: "training";
  readonly status: "complete" | "running" | "stopped" | "damaged";
  readonly overview: TrainingOverview | undefined;
  readonly problem: string | undefined;
}

/** A log that is read on as it grows. */
interface FollowedLog {
  readonly soFar: TrainingSoFar;
  readonly place: LogPlace;
}

/** States of trainings, cached until their files change. */
export class TrainingStates {
  readonly #known = new Map<string, { readonly stamp: string; readonly state: WatchedTraining }>();
  readonly #logs = new Map<string, FollowedLog>();

  of(folder: TrainingFolder): WatchedTraining {
    const stamp = stampOf(folder.dir);
    const known = this.#known.get(folder.id);
    if (known?.stamp === stamp) return known.state;
    const state = this.#read(folder);
    this.#known.set(folder.id, { stamp, state });
    return state;
  }

  #read(folder: TrainingFolder): WatchedTraining {
    const { dir } = folder;
    try {
      for (const name of Object.values(trainingRecords)) refuseLink(join(dir, name));
      const overview = trainingOverview(readTrainingDescription(dir), this.#follow(folder));
      const isComplete = overview.isOver && isFile(join(dir, trainingRecords.model));
      const status = isBeingWritten(dir) ? "running" : isComplete ? "complete" : "stopped";
      return { ...folder, status, overview, problem: undefined };
    } catch (error) {
      this.#logs.delete(folder.id);
      return { ...folder, status: "damaged", overview: undefined, problem: damageOf(folder, error) };
    }
  }

  #follow({ id, dir }: TrainingFolder): TrainingSoFar {
    const known = this.#logs.get(id);
    const { lines, isAnew, place } = readTrainingLog(dir, known?.place);
    const soFar = known && !isAnew ? known.soFar : new TrainingSoFar();
    for (const line of lines) soFar.add(line);
    this.#logs.set(id, { soFar, place: place() });
    return soFar;
  }
}

/** A text that changes if a file of the training changes, or if a process starts or stops writing. */
function stampOf(dir: string): string {
  const files = Object.values(trainingRecords).map((name) => {
    const stat = lstatSync(join(dir, name), { throwIfNoEntry: false });
    return stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : "none";
  });
  return [...files, isBeingWritten(dir)].join();
}

/** A training writes pictures of four images. */
const mostExamples = 8;

/** The pictures of held-out images in the folder of a training; undefined where one is missing or damaged. */
export function examplesIn(dir: string): ExamplePictures[] {
  const stored = listPictures(dir);
  const indices = [...new Set(stored.map(({ index }) => index))].slice(0, mostExamples);
  return indices.map((index) => {
    const read = (slot: number, kind: PictureKey["kind"]) => pictureIn(dir, { index, slot, kind });
    return { index, ...attackPictures(1, read) };
  });
}
