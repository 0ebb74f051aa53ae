/** The flags of a training. The table must have a row for every setting, or it does not compile. */
import { type TrainingConfig, trainingOptions } from "../../train/index.js";
import type { Flag, FlagSet } from "./flags.js";
import { bands, classes, decimal, factors, labels, numbers, sizes, text, whole } from "./values.js";

const network = { group: "Network" } as const;
const data = { group: "Data" } as const;
const attack = { group: "Attack" } as const;
const optimization = { group: "Optimization" } as const;
const running = { group: "Running" } as const;
const named = (value: string) => ({ value, read: text });
const counted = (value = "N") => ({ value, read: whole });
const number = (value = "X") => ({ value, read: decimal });
const size = { value: "HxW", read: sizes("512x512") };

const flags = {
  recipe: { ...network, ...named("NAME") },
  architecture: { ...network, ...named("NAME") },
  normalize: { ...network, ...named("none|imagenet") },
  init: { ...network, ...named("FILE") },
  data: { ...data, ...named("SPEC") },
  split: { ...data, ...named("NAME") },
  limit: { ...data, ...counted() },
  classes: { ...data, value: "K|FILE", read: classes },
  ignoreLabel: { ...data, value: "L,…", read: labels },
  labelMap: { ...data, ...named("MAP|FILE") },
  palette: { ...data, ...named("NAME|FILE") },
  labelSuffix: { ...data, ...named("TEXT") },
  channels: { ...data, ...counted("C") },
  bands: { ...data, value: "LIST", read: bands },
  pixelRange: { ...data, value: "A,B", read: numbers(2, "0,4095") },
  exifOrientation: { ...data, ...named("apply|ignore") },
  labelVariant: { ...data, ...named("NAME") },
  holdOut: { ...data, ...counted() },
  crop: { ...data, ...size },
  baseSize: { ...data, ...counted("S") },
  scale: { ...data, value: "A,B", read: numbers(2, "0.5,2") },
  flip: { ...data, ...number("P") },
  blur: { ...data, ...number("P") },
  padLabel: { ...data, ...counted("L") },
  loss: { ...attack, ...named("NAME") },
  plugin: { ...attack, ...named("FILE"), repeated: true },
  attack: { ...attack, ...named("pgd|segpgd|cospgd") },
  attackSteps: { ...attack, ...counted() },
  eps: { ...attack, ...named("RADIUS") },
  stepSize: { ...attack, ...named("RADIUS") },
  randomStart: attack,
  cleanShare: { ...attack, ...number("P") },
  attackGradients: { ...attack, ...named("separate|accumulate") },
  replay: { ...attack, ...counted("M") },
  epochs: { ...optimization, ...counted() },
  batchSize: { ...optimization, ...counted() },
  accumulate: { ...optimization, ...counted() },
  optimizer: { ...optimization, ...named("adamw|sgd") },
  learningRate: { ...optimization, ...number() },
  weightDecay: { ...optimization, ...number() },
  momentum: { ...optimization, ...number() },
  nesterov: optimization,
  warmupEpochs: { ...optimization, ...number() },
  power: { ...optimization, ...number() },
  floor: { ...optimization, ...number() },
  rates: { ...optimization, value: "NAME=X,…", read: factors },
  clip: { ...optimization, ...number() },
  ema: { ...optimization, ...number() },
  seed: { ...running, ...counted() },
  validateEvery: { ...running, ...counted() },
  validationSteps: { ...running, ...counted() },
  checkpointEvery: { ...running, ...counted() },
  patience: { ...running, ...counted() },
  top: { ...running, ...counted() },
  workers: { ...running, ...counted() },
  recompute: { ...running, ...named("none|cheap|blocks") },
  device: { ...running, ...named("cpu|cuda|webgpu") },
  threads: { ...running, ...counted() },
  exportSize: { ...running, ...size },
  out: { ...running, ...named("DIR") },
  resume: running,
} as const satisfies Record<keyof TrainingConfig, Flag>;

/** The flags of `seawall train`. */
export const trainingSet: FlagSet = { flags, fields: trainingOptions.shape };
