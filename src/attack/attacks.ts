/** Attacks by the names that users write. */
import { SeawallError } from "../base/index.js";
import { type Loss, losses } from "../loss/index.js";
import { type Attack, followsOwnGradient, mayGoOnFrom, type RadiusSchedule, renamed } from "./attack.js";
import { type Ensemble, type EnsembleMember, ensembles } from "./ensembles.js";
import { type AttackFamily, attacks } from "./families.js";
import { polish } from "./refine.js";

/** What names in a list of attacks may stand for. */
export interface AttackComponents {
  readonly losses: Readonly<Record<string, Loss>>;
  readonly attacks: Readonly<Record<string, AttackFamily>>;
  readonly ensembles: Readonly<Record<string, Ensemble>>;
}

export const builtInAttacks: AttackComponents = { losses, attacks, ensembles };

/** An attack of a run, with the number of steps that it takes. */
export interface AttackMember {
  readonly attack: Attack;
  readonly steps: number;
  /** The round that it belongs to, from 1; the images of a round take different numbers of steps. */
  readonly round?: number;
  /** The seed of a repeat with other starts. Default: the run's. */
  readonly seed?: number;
}

export interface AskedFor {
  /** Default 300. */
  readonly steps?: number;
  /** Default `reduce`. */
  readonly radiusSchedule?: RadiusSchedule;
  /** Another model is given, whose gradients attacks may follow: every attack gets a transferred one beside it. */
  readonly surrogate?: unknown;
}

/** What the name of a transferred attack, or of an ensemble of these, begins with. */
export const transferPrefix = "transfer:";

/**
 * Reads a list such as `sea-2023` or `apgd:mask-ce,pgd:ce,noise`; an ensemble stands for its members. An attack
 * that is named twice runs once. `transfer:NAME` is the attack by the gradient of a surrogate; if there is one, and the
 * list names no transfer, all attacks with gradients are transferred, too.
 * @throws SeawallError `config` for an unknown name, listing the known ones, and for an attack that is named twice
 * with different steps or radius schedules, or that continues without an attack before it to go on from
 */
export function parseMembers(
  list: string,
  asked: AskedFor = {},
  components: AttackComponents = builtInAttacks,
): AttackMember[] {
  const members = namedMembers(list, asked, components);
  for (const [i, { attack }] of members.entries()) refuseNoStart(attack, members.slice(0, i));
  return members;
}

/** As `parseMembers`, of a list that may be part of another one: an attack that continues needs none before it. */
function namedMembers(
  list: string,
  { steps = 300, radiusSchedule = "reduce", surrogate }: AskedFor,
  components: AttackComponents,
): AttackMember[] {
  const names = list
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.length === 0)
    throw new SeawallError("config", `"${list}" names no attack; ${knownAttacks(components)}`);
  const named = names.flatMap((name) => membersOfName(name, steps, radiusSchedule, components));
  const transfers = named.some(({ attack }) => attack.gradientsOf === "surrogate");
  const parsed = surrogate && !transfers ? withTransfers(named) : named;
  const first = ({ attack }: AttackMember) => parsed.find((other) => other.attack.name === attack.name)!;
  for (const member of parsed) refuseOther(first(member), member);
  return parsed.filter((member) => first(member) === member);
}

/** The attacks, and those with gradients once more as transferred ones, before the attacks that go on from these. */
function withTransfers(named: readonly AttackMember[]): AttackMember[] {
  const goesOn = ({ attack }: AttackMember) => attack.continues && !followsOwnGradient(attack);
  return [
    ...named.filter((member) => !goesOn(member)),
    ...transferredMembers(named),
    ...named.filter(goesOn),
  ];
}

/** The attacks of a round, in order. The second goes on from what is best for the single image. */
const attacksOfRound = [polish(losses["expected-miou"]), polish(losses["expected-accuracy"])];

/**
 * The attacks of a number of rounds, as `round1:polish:expected-miou`.
 * @param steps of a round, as the mean over images; its attacks share them equally
 */
export function roundMembers(count: number, steps: number): AttackMember[] {
  const own = Math.ceil(steps / attacksOfRound.length);
  return Array.from({ length: count }, (_, i) => i + 1).flatMap((round) =>
    attacksOfRound.map((attack) => ({
      attack: renamed(attack, `round${round}:${attack.name}`),
      steps: own,
      round,
    })),
  );
}

/** Stands in the name of a repeat, between the attack's own name and the number of the repeat. */
const mark = "#";

/**
 * The attacks, then all of them again for each further seed, as `apgd:ce#2`. A repeat draws the numbers that the attack
 * would draw in a run with the next seed; so the attacks of one seed do what that run does.
 * @param seed the run's seed
 * @param seeds number of seeds, from 1
 */
export function repeatMembers(members: readonly AttackMember[], seed: number, seeds: number): AttackMember[] {
  const repeats = Array.from({ length: seeds - 1 }, (_, i) =>
    members.map((member) => ({
      ...member,
      attack: renamed(member.attack, `${member.attack.name}${mark}${i + 2}`),
      seed: seed + i + 1,
    })),
  );
  return [...members, ...repeats.flat()];
}

/** The name of the attack that is repeated; of any other attack, its own. */
export function repeatedName(name: string): string {
  return name.replace(new RegExp(`${mark}\\d+$`), "");
}

/** The attacks of a list, or of a part of one, without their steps; errors for names as `parseMembers`. */
export function parseAttacks(
  list: string,
  radiusSchedule: RadiusSchedule = "reduce",
  components: AttackComponents = builtInAttacks,
): Attack[] {
  return namedMembers(list, { radiusSchedule }, components).map(({ attack }) => attack);
}

function membersOfName(
  name: string,
  steps: number,
  radiusSchedule: RadiusSchedule,
  components: AttackComponents,
): AttackMember[] {
  if (name.startsWith(transferPrefix)) {
    const rest = membersOfName(name.slice(transferPrefix.length), steps, radiusSchedule, components);
    const transferred = transferredMembers(rest);
    if (transferred.length > 0) return transferred;
    throw new SeawallError("config", `"${name}": ${rest[0]!.attack.name} follows no gradient`);
  }
  return membersOf(name, components).map((member) => makeMember(member, steps, radiusSchedule, components));
}

/** The same attacks by the gradient of a surrogate; those without gradients are left out. */
function transferredMembers(members: readonly AttackMember[]): AttackMember[] {
  return members.flatMap(({ attack, steps }) =>
    attack.usesGradients === false || attack.gradientsOf ? [] : [{ attack: transferred(attack), steps }],
  );
}

function transferred(attack: Attack): Attack {
  return renamed(attack, `${transferPrefix}${attack.name}`, {
    gradientsOf: "surrogate",
    // A pass through each of both models.
    passes: (steps: number) => 2 * attack.passes(steps),
  });
}

function membersOf(name: string, { ensembles }: AttackComponents): readonly EnsembleMember[] {
  return own(ensembles, name)?.members ?? [{ attack: name }];
}

function makeMember(
  { attack: name, steps, radiusSchedule }: EnsembleMember,
  askedSteps: number,
  askedSchedule: RadiusSchedule,
  components: AttackComponents,
): AttackMember {
  const attack = parseAttack(name, radiusSchedule ?? askedSchedule, components);
  refuseNoSet(attack);
  return { attack, steps: attack.fixedSteps ?? stepsOf(steps, askedSteps) };
}

function stepsOf(steps: EnsembleMember["steps"], asked: number): number {
  if (steps === undefined) return asked;
  return "exactly" in steps ? steps.exactly : Math.max(1, Math.round(steps.share * asked));
}

/** Names of plugins hold colons themselves, so the longest family that fits is meant. */
function parseAttack(name: string, schedule: RadiusSchedule, components: AttackComponents): Attack {
  const fitting = Object.keys(components.attacks).filter(
    (family) => name === family || name.startsWith(`${family}:`),
  );
  const longest = fitting.reduce((best, family) => (family.length > best.length ? family : best), "");
  const family = own(components.attacks, longest);
  const rest = name.slice(longest.length + 1);
  if (family?.takes === "nothing" && name === longest) return family.make(schedule);
  const loss = family?.takes === "loss" ? own(components.losses, rest) : undefined;
  if (family?.takes === "loss" && loss && !loss.onlyTracked) return family.make(loss, schedule);
  throw new SeawallError("config", `unknown attack "${name}"; ${knownAttacks(components)}`);
}

function refuseOther(first: AttackMember, again: AttackMember): void {
  if (first.steps === again.steps && first.attack.radiusSchedule === again.attack.radiusSchedule) return;
  const told = ({ steps, attack }: AttackMember) => `${steps} steps (${attack.radiusSchedule ?? "constant"})`;
  throw new SeawallError(
    "config",
    `${first.attack.name} is named twice, with ${told(first)} and with ${told(again)}; name it once`,
  );
}

function refuseNoStart(attack: Attack, before: readonly AttackMember[]): void {
  const { name, continues } = attack;
  if (!continues || before.some((earlier) => mayGoOnFrom(attack, earlier.attack))) return;
  const [points, such] = followsOwnGradient(attack)
    ? ["the attacks", "apgd:cospgd"]
    : ["the transferred attacks", `${transferPrefix}apgd:cospgd`];
  throw new SeawallError(
    "config",
    `${name} goes on from the best point of ${points} before it; name one before it, such as ${such},${name}`,
  );
}

/** Only what attacks before it have found gives a loss the values of the set. */
function refuseNoSet({ name, continues, losses }: Attack): void {
  const loss = losses.find(({ needsSetValues }) => needsSetValues);
  if (!loss || continues) return;
  throw new SeawallError(
    "config",
    `${name}: ${loss.name} aims at the mIoU of the set, which attacks before it must have found; use sharpen:${loss.name} after another attack`,
  );
}

/** Losses that can be attacked by name. */
export function attackLosses({ losses }: Pick<AttackComponents, "losses"> = builtInAttacks): string[] {
  return Object.keys(losses).filter((name) => !losses[name]!.onlyTracked);
}

/** Families as users write them: `apgd:LOSS`, `square`. */
export function attackForms({ attacks }: Pick<AttackComponents, "attacks"> = builtInAttacks): string[] {
  return Object.entries(attacks).map(([name, { takes }]) => (takes === "loss" ? `${name}:LOSS` : name));
}

function knownAttacks(components: AttackComponents): string {
  const names = [...Object.keys(components.ensembles), ...attackForms(components)];
  const known = `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `known are ${known}, with LOSS one of ${attackLosses(components).join(", ")}`;
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
