/** Reading the folder of a training, whoever wrote it: in bounded memory, and while the training goes on. */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { parseJson, SeawallError } from "../../base/index.js";
import { readText } from "../../base/index.node.js";
import { readLines } from "../lines/read.node.js";
import {
  type TrainingDescription,
  type TrainingLine,
  trainingDescriptionSchema,
  trainingLineSchema,
} from "./lines.js";

/** The files of a training's folder that others read. */
export const trainingRecords = {
  description: "training.json",
  log: "log.jsonl",
  model: "model.onnx",
} as const;

const largestDescription = 16 * 2 ** 20;
/** A million updates take less. */
const largestLog = 2 ** 28;

/** @throws SeawallError `journal` naming the file and what is wrong with it */
export function readTrainingDescription(dir: string): TrainingDescription {
  const file = join(dir, trainingRecords.description);
  return parseJson(trainingDescriptionSchema, readText(file, largestDescription), file);
}

/** A place in a log: the file, the position in it, and the number of the line that begins there. */
export interface LogPlace {
  readonly inode: number;
  readonly end: number;
  readonly number: number;
}

/**
 * The lines of a training's log from a place on. A last line without a newline is left to be read once it is whole.
 * @param from where an earlier reading ended
 * @returns `isAnew`: the lines are those from the beginning, since the log was written anew by a resumed training, or
 *   there was no earlier reading; `place`: where the reading has got to
 * @throws SeawallError `journal` naming file and line, for damage, or a log larger than any
 */
export function readTrainingLog(
  dir: string,
  from?: LogPlace,
): { readonly lines: Iterable<TrainingLine>; readonly isAnew: boolean; place(): LogPlace } {
  const file = join(dir, trainingRecords.log);
  const stat = lstatSync(file, { throwIfNoEntry: false });
  const { ino: inode, size } = stat ?? { ino: 0, size: 0 };
  if (size > largestLog)
    throw new SeawallError("journal", `${file}: ${size} bytes, more than the ${largestLog} of any training`);
  const goesOn = from?.inode === inode && from.end <= size;
  let place = goesOn ? from : { inode, end: 0, number: 1 };
  function* lines(): Generator<TrainingLine> {
    if (!stat) return;
    for (const { text, end, number, whole } of readLines(file, place)) {
      if (!whole) return;
      yield parseJson(trainingLineSchema, text, `${file}, line ${number}`);
      place = { inode, end, number: number + 1 };
    }
  }
  return { lines: lines(), isAnew: !goesOn, place: () => place };
}
