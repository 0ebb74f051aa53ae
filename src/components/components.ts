/** The named parts of evaluations and trainings: those that Seawall has, and those that plugins add under names with a prefix. */
import {
  type Attack,
  type AttackComponents,
  type AttackFamily,
  builtInAttacks,
  type Ensemble,
  type RadiusSchedule,
  transferPrefix,
} from "../attack/index.js";
import type { RuleTable } from "../autodiff/index.js";
import { SeawallError } from "../base/index.js";
import { type DatasetLayout, type DatasetTable, datasets } from "../data/index.js";
import { differentiated, type Loss, type LossValue } from "../loss/index.js";

/** The tables in which names are looked up. */
export interface Components extends AttackComponents {
  readonly datasets: DatasetTable;
  /** Gradient rules beside Seawall's own, by domain and operator. */
  readonly rules: RuleTable;
}

export const builtInComponents: Components = { ...builtInAttacks, datasets, rules: {} };

/** Parts of a user's own. A plugin file exports one by default. */
export interface Plugin {
  /** The prefix of the names: lower-case letters, digits and hyphens. A loss `focal` of `my` is called `my:focal`. */
  readonly name: string;
  /** A loss with its value alone (Seawall derives the gradient), or with a family that writes the gradient too. */
  readonly losses?: Readonly<Record<string, LossValue | Omit<Loss, "name">>>;
  readonly attacks?: Readonly<Record<string, AttackFamily>>;
  /** Members are called by their full names, for example `apgd:my:focal`. */
  readonly ensembles?: Readonly<Record<string, Ensemble>>;
  readonly datasets?: Readonly<Record<string, DatasetLayout>>;
  /** By domain (empty for standard operators) and operator; these go before Seawall's own rules. */
  readonly rules?: RuleTable;
}

/**
 * The components with those of a plugin.
 * @param where names the plugin in messages
 * @throws SeawallError `config` for a plugin that has not the form of `Plugin`, or whose name is taken
 */
export function addPlugin(components: Components, plugin: Plugin, where: string): Components {
  checkPlugin(plugin, where);
  const { name } = plugin;
  const tables = [components.losses, components.attacks, components.ensembles, components.datasets];
  const taken = [...tables.flatMap((table) => Object.keys(table)), transferPrefix];
  if (taken.some((key) => key === name || key.startsWith(`${name}:`)))
    throw new SeawallError("config", `${where}: the name "${name}" is taken; give the plugin another one`);
  return {
    losses: { ...components.losses, ...prefixed(name, plugin.losses, lossOf) },
    attacks: { ...components.attacks, ...prefixed(name, plugin.attacks, renamedFamily) },
    ensembles: { ...components.ensembles, ...prefixed(name, plugin.ensembles, (_, ensemble) => ensemble) },
    datasets: { ...components.datasets, ...prefixed(name, plugin.datasets, (_, layout) => layout) },
    rules: mergeRules(components.rules, plugin.rules ?? {}),
  };
}

function prefixed<In, Out>(
  prefix: string,
  table: Readonly<Record<string, In>> = {},
  make: (name: string, row: In) => Out,
): Record<string, Out> {
  const rows = Object.entries(table).map(([key, row]) => [`${prefix}:${key}`, row] as const);
  return Object.fromEntries(rows.map(([name, row]) => [name, make(name, row)]));
}

function lossOf(name: string, row: LossValue | Omit<Loss, "name">): Loss {
  return "value" in row ? differentiated({ ...row, name }) : { ...row, name };
}

/** The family with its attacks renamed, since records call an attack by the name that users write. */
function renamedFamily(name: string, family: AttackFamily): AttackFamily {
  if (family.takes === "nothing")
    return { ...family, make: (schedule: RadiusSchedule) => renamedAttack(name, family.make(schedule)) };
  return {
    ...family,
    make: (loss, schedule) => renamedAttack(`${name}:${loss.name}`, family.make(loss, schedule)),
  };
}

/** A copy that keeps the prototype, so that an attack may be an instance of a class. */
function renamedAttack(name: string, attack: Attack): Attack {
  return Object.assign(Object.create(Object.getPrototypeOf(attack)), attack, { name });
}

function mergeRules(first: RuleTable, second: RuleTable): RuleTable {
  const domains = new Set([...Object.keys(first), ...Object.keys(second)]);
  return Object.fromEntries([...domains].map((domain) => [domain, { ...first[domain], ...second[domain] }]));
}

/** What must hold of each row of a plugin's tables; the text completes "expected …". */
const rowForms: Readonly<Record<string, { fits(row: Row): boolean; form: string }>> = {
  losses: {
    fits: ({ value, family }) => typeof value === "function" || isObject(family),
    form: "{ value(pixel) } or { family }",
  },
  attacks: {
    fits: ({ takes, make }) => (takes === "loss" || takes === "nothing") && typeof make === "function",
    form: '{ takes: "loss" or "nothing", help, make() }',
  },
  ensembles: {
    fits: ({ members }) => Array.isArray(members) && members.length > 0 && members.every(isMember),
    form: "{ members: [{ attack, steps?, radiusSchedule? }], source }",
  },
  datasets: {
    fits: ({ list, form, scheme }) =>
      typeof list === "function" && typeof form === "string" && isObject(scheme),
    form: "{ form, title, images, labels, scheme, variants, list() }",
  },
  rules: {
    fits: (row) => Object.values(row).every((rule) => isObject(rule) && typeof rule.gradient === "function"),
    form: "{ OPERATOR: { gradient() } }",
  },
};

type Row = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Row {
  return typeof value === "object" && value !== null;
}

function isMember(member: unknown): boolean {
  return isObject(member) && typeof member.attack === "string";
}

function checkPlugin(plugin: unknown, where: string): void {
  const refuse = (reason: string) => new SeawallError("config", `${where}: ${reason} (docs/plugins.md)`);
  if (!isObject(plugin) || typeof plugin.name !== "string" || !/^[a-z][a-z0-9-]*$/.test(plugin.name))
    throw refuse('expected an object with a name of lower-case letters, digits and hyphens, such as "my"');
  const known = ["name", ...Object.keys(rowForms)];
  const unknown = Object.keys(plugin).find((key) => !known.includes(key));
  if (unknown !== undefined) throw refuse(`"${unknown}" is not one of ${known.join(", ")}`);
  for (const [table, { fits, form }] of Object.entries(rowForms)) {
    const rows = plugin[table] ?? {};
    if (!isObject(rows)) throw refuse(`${table}: expected an object of ${form}`);
    for (const [key, row] of Object.entries(rows)) {
      if (table !== "rules" && !/^[a-z][a-z0-9-]*$/.test(key))
        throw refuse(`${table}: the name "${key}" must be of lower-case letters, digits and hyphens`);
      if (!isObject(row) || !fits(row)) throw refuse(`${table}.${key}: expected ${form}`);
    }
  }
}
