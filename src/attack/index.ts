/** Attacks: loops over an oracle that they know by type alone. No session, no file, no clock. */

export { almaProx } from "./alma-prox.js";
export { apgd, apgdFrom, stagedApgd } from "./apgd.js";
export {
  type Accounting,
  type Attack,
  type AttackSettings,
  aimsAtSet,
  type Earlier,
  type KeptPoint,
  mayGoOnFrom,
  type RadiusSchedule,
  randomPoint,
} from "./attack.js";
export {
  type AskedFor,
  type AttackComponents,
  type AttackMember,
  attackForms,
  attackLosses,
  builtInAttacks,
  parseAttacks,
  parseMembers,
  repeatedName,
  repeatMembers,
  roundMembers,
  transferPrefix,
} from "./attacks.js";
export { dag } from "./dag.js";
export { type Ensemble, type EnsembleMember, type EnsembleName, ensembles } from "./ensembles.js";
export { type AttackFamily, attacks, type LoneAttack, type LossAttacks } from "./families.js";
export { noise, noisePoint } from "./noise.js";
export { StepSizeSchedule } from "./optimizer/schedule.js";
export { type Norm, type NormSteps, norms } from "./optimizer/steps.js";
export { padam, padamFrom } from "./padam.js";
export { pdpgd } from "./pdpgd.js";
export { lastIterate, pgd, pgdFrom, pgdStepSize } from "./pgd.js";
export { polish, reopen, sharpen } from "./refine.js";
export { regionSearch, transferSearch } from "./region-search.js";
export { square, squareSide } from "./square.js";
export { type AttackStage, type PlannedStage, planStages, stagesFor, temperatureAt } from "./stages.js";
