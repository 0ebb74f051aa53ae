/** The flags of an evaluation. The table must have a row for every setting, or it does not compile. */
import { type Command, Option } from "commander";
import { z } from "zod";
import { type EvaluationConfig, evaluationSchema, renamedSettings } from "../../evaluate/index.js";
import { flagName } from "../output/eval-command.js";
import {
  bands,
  checkList,
  classes,
  collect,
  labels,
  numberList,
  numbers,
  positions,
  type Reader,
  shard,
  sizes,
  stepCount,
  text,
  whole,
} from "./values.js";

export type Setting = keyof EvaluationConfig;

export interface Flag {
  /** Placeholder of the value in help; undefined for a switch, which `--no-…` turns off. */
  readonly value?: string;
  readonly read?: Reader;
  /** Whether the flag may be given several times. */
  readonly repeated?: boolean;
  /** Heading in the help text. */
  readonly group: string;
}

/** The flags of a configuration, and the schema's fields that describe them. */
export interface FlagSet {
  readonly flags: Readonly<Record<string, Flag>>;
  readonly fields: Readonly<Record<string, z.ZodType>>;
  /** Old names of settings → present names; flags of the old names are read, but not listed in help. */
  readonly renamed?: Readonly<Record<string, string>>;
}

const model = { group: "Model" } as const;
const data = { group: "Data" } as const;
const attack = { group: "Attack" } as const;
const running = { group: "Running" } as const;
const named = (value: string) => ({ value, read: text });
const counted = (value = "N") => ({ value, read: whole });

export const evaluationFlags = {
  model: { ...model, ...named("FILE") },
  output: { ...model, ...named("NAME") },
  layout: { ...model, ...named("nchw|nhwc") },
  inputRange: { ...model, value: "A,B", read: numbers(2, "0,255") },
  mean: { ...model, value: "R,G,B", read: numberList("0.485,0.456,0.406") },
  std: { ...model, value: "R,G,B", read: numberList("0.229,0.224,0.225") },
  bgr: model,
  window: { ...model, value: "HxW", read: sizes("512x512") },
  stride: { ...model, value: "HxW", read: sizes("341x341") },
  data: { ...data, ...named("SPEC") },
  labels: { ...data, ...named("truth|self") },
  split: { ...data, ...named("NAME") },
  limit: { ...data, ...counted() },
  offset: { ...data, ...counted() },
  resizeShort: { ...data, ...counted("S") },
  crop: { ...data, value: "HxW", read: sizes("512x512") },
  bands: { ...data, value: "LIST", read: bands },
  pixelRange: { ...data, value: "A,B", read: numbers(2, "0,4095") },
  exifOrientation: { ...data, ...named("apply|ignore") },
  classes: { ...data, value: "K|FILE", read: classes },
  ignoreLabel: { ...data, value: "L,…", read: labels },
  labelMap: { ...data, ...named("MAP|FILE") },
  palette: { ...data, ...named("NAME|FILE") },
  labelSuffix: { ...data, ...named("TEXT") },
  labelVariant: { ...data, ...named("NAME") },
  classWeights: { ...data, ...named("SPEC") },
  eps: { ...attack, ...named("LIST") },
  attacks: { ...attack, ...named("LIST") },
  surrogate: { ...attack, ...named("FILE") },
  steps: { ...attack, value: "N|auto", read: stepCount },
  maxSteps: { ...attack, ...counted() },
  radiusSchedule: { ...attack, ...named("reduce|constant") },
  perturbChannels: { ...attack, value: "LIST", read: positions("1,2,3") },
  protocol: { ...attack, ...named("strict|authors") },
  seed: { ...attack, ...counted() },
  seeds: { ...attack, ...counted() },
  plugin: { ...attack, ...named("FILE"), repeated: true },
  parallel: { ...running, ...counted() },
  queue: { ...running, ...named("URL") },
  untrusted: running,
  device: { ...running, ...named("cpu|cuda|webgpu") },
  threads: { ...running, ...counted() },
  out: { ...running, ...named("DIR") },
  resume: running,
  shard: { ...running, value: "i/n", read: shard },
  costs: { ...running, ...named("RUN") },
  after: { ...running, ...named("RUN"), repeated: true },
  trace: { ...running, ...counted() },
  report: running,
  saveImages: running,
  gate: { ...running, ...named("EXPR"), repeated: true },
  gateAllow: { ...running, value: "CHECK,…", read: checkList },
  gateDespiteChecks: running,
} as const satisfies Record<Setting, Flag>;

export const settings = Object.keys(evaluationFlags) as Setting[];

/** The flags of `seawall eval`. */
export const evaluationSet: FlagSet = {
  flags: evaluationFlags,
  fields: evaluationSchema.shape,
  renamed: renamedSettings,
};

/** Help text of `--config`. */
export const configHelp =
  "settings from a YAML or JSON file, or a module; a flag on the line wins; paths start at the working directory";

/** A flag as help writes it: `--crop HxW`. */
export function flagForm(setting: string, { flags } = evaluationSet): string {
  const { value } = flags[setting]!;
  return value ? `${flagName(setting)} ${value}` : flagName(setting);
}

/** Description of a setting, with its default. */
export function settingHelp(setting: string, { fields } = evaluationSet): string {
  const schema = fields[setting]!;
  const fallback = schema.safeParse(undefined).data;
  const given = isShown(fallback) ? ` (default: ${fallback})` : "";
  return `${schema.description ?? ""}${given}`;
}

/** Whether a default is worth printing: not if it is off, empty or determined later. */
function isShown(fallback: unknown): boolean {
  return !(fallback === undefined || fallback === false || String(fallback) === "[object Object]");
}

/** Adds the flags of these settings to a command; values stay text until `readSettings` parses them. */
export function addFlags(
  command: Command,
  chosen: readonly string[] = settings,
  set: FlagSet = evaluationSet,
): void {
  for (const setting of chosen) {
    const { value, group, repeated } = set.flags[setting]!;
    const option = new Option(
      value ? `${flagName(setting)} <${value}>` : flagName(setting),
      settingHelp(setting, set),
    );
    option.helpGroup(`${group}:`);
    if (repeated) option.argParser(collect);
    command.addOption(option);
    if (!value)
      command.addOption(new Option(`--no-${flagName(setting).slice(2)}`).hideHelp().helpGroup(`${group}:`));
  }
  for (const [old, present] of Object.entries(set.renamed ?? {})) {
    const value = set.flags[present]!.value;
    if (chosen.includes(present)) command.addOption(new Option(`${flagName(old)} <${value}>`).hideHelp());
  }
}

/** The JSON Schema of configuration files, for editors. No setting is required, since flags may supply it. */
export function configJsonSchema(): object {
  const { required: _, properties, ...schema } = z.toJSONSchema(evaluationSchema, { io: "input" });
  return {
    title: "Seawall: configuration of an evaluation",
    ...schema,
    properties: { $schema: { type: "string" }, ...properties },
  };
}
