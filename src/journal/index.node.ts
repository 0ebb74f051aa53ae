/** The run folder on disk. */
export {
  listPictures,
  type PictureKey,
  type PictureKind,
  prunePictures,
  type RunWorkers,
  readPicture,
  readPoint,
  readRunWorkers,
  readTraces,
  removePictures,
  removePoints,
  removeRunWorkers,
  writePerturbed,
  writePicture,
  writePoint,
  writeRunWorkers,
  writeTrace,
} from "./extras.node.js";
export { type MergedRun, mergeRuns, mergeThen, readOtherShards } from "./merge.node.js";
export { openRun, type Run, type RunOptions } from "./run.node.js";
export {
  type CheckedRun,
  hasResult,
  readDescription,
  readResult,
  readRun,
  runFiles,
  type StoredRun,
  writeDescription,
  writeResult,
} from "./stored.node.js";
export {
  type LogPlace,
  readTrainingDescription,
  readTrainingLog,
  trainingRecords,
} from "./training/folder.node.js";
