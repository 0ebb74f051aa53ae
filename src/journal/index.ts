/** The run folder without its files: what a run is, its records, and the result made of them. */
export { type Missing, missingOf, sortRecords } from "./arrange.js";
export {
  cleanAttack,
  cleanEps,
  configHash,
  describeRun,
  inShard,
  type Protocol,
  type RunDescription,
  type RunFacts,
  type Shard,
  type Soundness,
} from "./description.js";
export { compareDescriptions, type Differences } from "./differences.js";
export { type Journal, memoryJournal } from "./journal.js";
export { canonicalJson, formatJson, type JsonObject } from "./json.js";
export type { Evidence, RecordKey, RunRecord } from "./record.js";
export {
  type Figures,
  type Result,
  resultSchema,
  type WorstFigures,
} from "./result.js";
export { type SummaryOptions, summarize } from "./summary.js";
