/** Attacks: loops over an oracle that they know by type alone. No session, no file, no clock. */
export { apgd, apgdFrom, type RadiusSchedule } from "./apgd.js";
export { type Accounting, type Attack, type AttackSettings, type KeptPoint, randomPoint } from "./attack.js";
export { attackLosses, attacks, parseAttacks } from "./attacks.js";
export { type Ensemble, type EnsembleName, ensembles } from "./ensembles.js";
export { noise, noisePoint } from "./noise.js";
export { lastIterate, pgd, pgdFrom, pgdStepSize } from "./pgd.js";
export { reducingRadii, type Slot, StepSizeSchedule } from "./schedule.js";
export { square, squareSide } from "./square.js";
export { type Norm, type NormSteps, norms } from "./steps.js";
