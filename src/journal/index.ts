/** The run folder without its files: what a run is, its records, and the result made of them. */

export { arrange, type ImageRecords, type Missing, missingOf, sortRecords } from "./arrange.js";
export {
  bySeed,
  cleanAttack,
  cleanEps,
  configHash,
  describeRun,
  inShard,
  type Member,
  memberNames,
  type PluginFacts,
  type Protocol,
  type RunDescription,
  type RunFacts,
  type Shard,
  type Soundness,
  shardName,
} from "./description.js";
export {
  compareConditions,
  compareDescriptions,
  type Differences,
  differences,
  figuresIn,
  resultDifferences,
} from "./differences.js";
export {
  extraFolders,
  type PictureKey,
  type PictureKind,
  pictureName,
  type RecordPlace,
  recordFileName,
  runFiles,
  runTexts,
} from "./folder/files.js";
export { packRun, type RunFileContents, unpackRun } from "./folder/zip.js";
export { checkGates, failedChecks, type GateOptions, judgeGate, withGates } from "./gates/check.js";
export {
  type Gate,
  type GateSubjects,
  gateError,
  gateSubjects,
  operators,
  parseGate,
  readTarget,
  splitCondition,
  withoutSpaces,
} from "./gates/parse.js";
export { type Journal, memoryJournal } from "./journal.js";
export { unsealedNotice } from "./lines/seal.js";
export { isRaised } from "./raised.js";
export { type Evidence, type RecordKey, type RunRecord, recordSchema, slotOf, slotsOf } from "./record.js";
export {
  type Figures,
  type GateOutcome,
  type Result,
  resultSchema,
  type Uncertainty,
  type WorstFigures,
} from "./result.js";
export {
  type AttackFigures,
  type AttackSoFar,
  type RunningFigure,
  RunningFigures,
} from "./running.js";
export { type SummaryOptions, summarize, withoutIdleRounds } from "./summary.js";
export { passLists, type StoredPass, type StoredTrace } from "./trace.js";
export type { TrainingDescription, TrainingLine } from "./training/lines.js";
