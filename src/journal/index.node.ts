/** The run folder on disk. */
export {
  listPictures,
  prunePictures,
  type RunWorkers,
  readPicture,
  readPoint,
  readRunWorkers,
  readTrace,
  readTraces,
  removePictures,
  removePoints,
  removeRunWorkers,
  writePerturbed,
  writePicture,
  writePoint,
  writeRunWorkers,
  writeTrace,
} from "./folder/extras.node.js";
export { withRunFolders } from "./folder/given.node.js";
export { type MergedRun, mergeRuns, mergeThen, readOtherShards } from "./folder/merge.node.js";
export { openRun, type Run, type RunOptions } from "./folder/run.node.js";
export {
  type CheckedRun,
  hasResult,
  readDescription,
  readResult,
  readRun,
  type StoredRun,
  writeDescription,
  writeResult,
} from "./folder/stored.node.js";
export {
  type LogPlace,
  readTrainingDescription,
  readTrainingLog,
  trainingRecords,
} from "./training/folder.node.js";
