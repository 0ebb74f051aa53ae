/** Attacks by the names that users write. */
import { SeawallError } from "../base/index.js";
import { type LossName, losses } from "../loss/index.js";
import { apgd, type RadiusSchedule } from "./apgd.js";
import type { Attack } from "./attack.js";
import { type EnsembleName, ensembles } from "./ensembles.js";
import { noise } from "./noise.js";
import { pgd } from "./pgd.js";
import { square } from "./square.js";

/** Families of attacks: what may stand before the colon, or alone. */
export const attacks = {
  apgd: (loss: LossName, schedule: RadiusSchedule) => apgd(loss, schedule),
  pgd: (loss: LossName) => pgd(loss),
  segpgd: () => pgd("balanced-ce", "segpgd"),
  cospgd: () => pgd("cospgd", "cospgd"),
  square: () => square,
  noise: () => noise,
} as const;

/** Losses that can be attacked by name; the plain spherical one only tracks. */
export const attackLosses = (Object.keys(losses) as LossName[]).filter((name) => name !== "spherical");

/**
 * Reads a list such as `sea-2023` or `apgd:mask-ce,pgd:ce,noise`; an ensemble stands for its members.
 * @param radiusSchedule how APGD members use their radius; default `reduce`
 * @throws SeawallError `config` for a name it does not know, listing those it does
 */
export function parseAttacks(list: string, radiusSchedule: RadiusSchedule = "reduce"): Attack[] {
  const names = list
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.length === 0)
    throw new SeawallError("config", `--attacks "${list}": names no attack; ${known()}`);
  const parsed = names.flatMap((name) => parseAttack(name, radiusSchedule));
  return parsed.filter((attack, i) => parsed.findIndex((other) => other.name === attack.name) === i);
}

function parseAttack(name: string, schedule: RadiusSchedule): Attack[] {
  if (Object.hasOwn(ensembles, name))
    return ensembles[name as EnsembleName].members.flatMap((member) => parseAttack(member, schedule));
  const [family, loss, ...rest] = name.split(":");
  if (rest.length > 0) throw unknown(name);
  if (loss === undefined) {
    if (isPlain(family!)) return [attacks[family]()];
    throw unknown(name);
  }
  if (!(attackLosses as string[]).includes(loss)) throw unknown(name);
  if (family === "apgd") return [attacks.apgd(loss as LossName, schedule)];
  if (family === "pgd") return [attacks.pgd(loss as LossName)];
  throw unknown(name);
}

const plain = ["segpgd", "cospgd", "square", "noise"] as const;

function isPlain(family: string): family is (typeof plain)[number] {
  return (plain as readonly string[]).includes(family);
}

function unknown(name: string): SeawallError {
  return new SeawallError("config", `unknown attack "${name}"; ${known()}`);
}

function known(): string {
  return `known are ${Object.keys(ensembles).join(", ")}, apgd:LOSS, pgd:LOSS, segpgd, cospgd, square and noise, with LOSS one of ${attackLosses.join(", ")}`;
}
