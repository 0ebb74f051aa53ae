/** The table of attack families: what users may write before a colon, or alone. */
import { type Loss, losses } from "../loss/index.js";
import { apgd } from "./apgd.js";
import type { Attack, RadiusSchedule } from "./attack.js";
import { noise } from "./noise.js";
import { pgd } from "./pgd.js";
import { sharpened } from "./sharpened.js";
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
  sharpened: {
    takes: "nothing",
    help: "apgd on cospgd at reduced radii, then on expected-accuracy at a temperature that falls",
    make: () => sharpened,
  },
  square: {
    takes: "nothing",
    help: "random search with squares, which needs no gradient",
    make: () => square,
  },
  noise: {
    takes: "nothing",
    help: "ten random perturbed images; the best of them is kept",
    make: () => noise,
  },
} satisfies Record<string, AttackFamily>;
