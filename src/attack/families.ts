/** The table of attack families: what users may write before a colon, or alone. */
import { type Loss, losses } from "../loss/index.js";
import { almaProx } from "./alma-prox.js";
import { apgd } from "./apgd.js";
import type { Attack, RadiusSchedule } from "./attack.js";
import { dag } from "./dag.js";
import { noise } from "./noise.js";
import { padam } from "./padam.js";
import { pdpgd } from "./pdpgd.js";
import { pgd } from "./pgd.js";
import { polish, reopen, sharpen } from "./refine.js";
import { regionSearch, transferSearch } from "./region-search.js";
import { square } from "./square.js";

/** A row of the table: users write `NAME:LOSS` if it takes a loss, and `NAME` if it takes nothing. */
export type AttackFamily = LossAttacks | LoneAttack;

export interface LossAttacks {
  readonly takes: "loss";
  /** One line for help and documentation. */
  readonly help: string;
  /** @param radiusSchedule as asked for; an attack may ignore it */
  make(loss: Loss, radiusSchedule: RadiusSchedule): Attack;
}

export interface LoneAttack {
  readonly takes: "nothing";
  readonly help: string;
  make(radiusSchedule: RadiusSchedule): Attack;
}

export const attacks = {
  apgd: {
    takes: "loss",
    help: "projected gradient ascent with momentum and a step size that halves when progress stalls",
    make: (loss, radiusSchedule) => apgd(loss, radiusSchedule),
  },
  pgd: {
    takes: "loss",
    help: "projected gradient ascent with a fixed step size",
    make: (loss) => pgd(loss),
  },
  segpgd: {
    takes: "nothing",
    help: "pgd on balanced-ce, as SegPGD was published",
    make: () => pgd(losses["balanced-ce"], "segpgd"),
  },
  cospgd: {
    takes: "nothing",
    help: "pgd on cospgd, as CosPGD was published",
    make: () => pgd(losses.cospgd, "cospgd"),
  },
  padam: {
    takes: "loss",
    help: "projected steps of Adam",
    make: (loss) => padam(loss),
  },
  "padam-ce": {
    takes: "nothing",
    help: "padam on ce, as PAdam-CE was published",
    make: () => padam(losses.ce, "padam-ce"),
  },
  "padam-cos": {
    takes: "nothing",
    help: "padam on the cosine between logits and label, as PAdam-Cos was published",
    make: () => padam(losses.spherical, "padam-cos"),
  },
  sharpen: {
    takes: "loss",
    help: "apgd that goes on from the best point so far, at a temperature that falls from ½ to 1/20",
    make: (loss) => sharpen(loss),
  },
  polish: {
    takes: "loss",
    help: "the same with a first step of ε/2, at a temperature that falls from ⅒ to 3/100",
    make: (loss) => polish(loss),
  },
  reopen: {
    takes: "loss",
    help: "apgd that goes on from the best point so far: out to 1.5ε, then at ε at a temperature that falls from 1 to 1/20",
    make: (loss) => reopen(loss),
  },
  "alma-prox": {
    takes: "nothing",
    help: "proximal steps that minimise the perturbation under a constraint for each pixel",
    make: () => almaProx,
  },
  pdpgd: {
    takes: "nothing",
    help: "proximal steps of Adam against a weight for each pixel",
    make: () => pdpgd,
  },
  dag: {
    takes: "nothing",
    help: "steps along the gradient of the margins of right pixels",
    make: () => dag,
  },
  square: {
    takes: "nothing",
    help: "random search with squares, which needs no gradient",
    make: () => square,
  },
  "region-search": {
    takes: "nothing",
    help: "random search with textures, which needs no gradient and judges every region by itself; ten queries a step",
    make: () => regionSearch,
  },
  "transfer-search": {
    takes: "nothing",
    help: "the same, from the best point of the attacks by a surrogate's gradient",
    make: () => transferSearch,
  },
  noise: {
    takes: "nothing",
    help: "ten random perturbed images; the best of them is kept",
    make: () => noise,
  },
} satisfies Record<string, AttackFamily>;
