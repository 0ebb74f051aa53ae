/** The flags of an evaluation: a table total over its configuration, so that no setting lacks one. */
import { type Command, Option } from "commander";
import { z } from "zod";
import { type EvaluationConfig, evaluationSchema } from "../evaluate/index.js";
import { classes, numbers, type Reader, shard, sizes, text, whole } from "./values.js";

export type Setting = keyof EvaluationConfig;

export interface Flag {
  /** What stands for the value in help; none for a switch, which `--no-…` turns off. */
  readonly value?: string;
  readonly read?: Reader;
  /** May be given several times. */
  readonly repeated?: boolean;
  readonly group: "Model" | "Data" | "Attack" | "Running";
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
  mean: { ...model, value: "R,G,B", read: numbers(3, "0.485,0.456,0.406") },
  std: { ...model, value: "R,G,B", read: numbers(3, "0.229,0.224,0.225") },
  bgr: model,
  data: { ...data, ...named("SPEC") },
  labels: { ...data, ...named("truth|self") },
  split: { ...data, ...named("NAME") },
  limit: { ...data, ...counted() },
  offset: { ...data, ...counted() },
  resizeShort: { ...data, ...counted("S") },
  crop: { ...data, value: "HxW", read: sizes("512x512") },
  classes: { ...data, value: "K|FILE", read: classes },
  ignoreLabel: { ...data, ...counted("L") },
  classWeights: { ...data, ...named("SPEC") },
  eps: { ...attack, ...named("LIST") },
  attacks: { ...attack, ...named("LIST") },
  steps: { ...attack, ...counted() },
  radiusSchedule: { ...attack, ...named("reduce|constant") },
  protocol: { ...attack, ...named("strict|authors") },
  seed: { ...attack, ...counted() },
  batchSize: { ...running, ...counted() },
  device: { ...running, ...named("cpu|cuda|webgpu") },
  threads: { ...running, ...counted() },
  out: { ...running, ...named("DIR") },
  resume: running,
  shard: { ...running, value: "i/n", read: shard },
  trace: { ...running, ...counted() },
  report: running,
  gate: { ...running, ...named("EXPR"), repeated: true },
} as const satisfies Record<Setting, Flag>;

export const settings = Object.keys(evaluationFlags) as Setting[];

/** What `--config` takes. */
export const configHelp =
  "settings from a YAML or JSON file, or a module; a flag on the line wins; paths start at the working directory";

/** `batchSize` → `--batch-size`. */
export function flagName(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A flag as help writes it: `--crop HxW`. */
export function flagForm(setting: Setting): string {
  const { value } = evaluationFlags[setting] as Flag;
  return value ? `${flagName(setting)} ${value}` : flagName(setting);
}

/** What a setting means, with its default. */
export function settingHelp(setting: Setting): string {
  const schema = evaluationSchema.shape[setting];
  const fallback = schema.safeParse(undefined).data;
  const given = fallback === undefined || fallback === false ? "" : ` (default: ${fallback})`;
  return `${schema.description ?? ""}${given}`;
}

/** Adds the flags of these settings to a command; values stay text until they are put together. */
export function addFlags(command: Command, chosen: readonly Setting[] = settings): void {
  for (const setting of chosen) {
    const { value, group, repeated } = evaluationFlags[setting] as Flag;
    const option = new Option(
      value ? `${flagName(setting)} <${value}>` : flagName(setting),
      settingHelp(setting),
    );
    option.helpGroup(`${group}:`);
    if (repeated) option.argParser((next: string, before: string[] = []) => [...before, next]);
    command.addOption(option);
    if (!value)
      command.addOption(new Option(`--no-${flagName(setting).slice(2)}`).hideHelp().helpGroup(`${group}:`));
  }
}

/** The JSON Schema of configuration files, for editors. Nothing is required: the line may give it. */
export function configJsonSchema(): object {
  const { required: _, properties, ...schema } = z.toJSONSchema(evaluationSchema, { io: "input" });
  return {
    title: "Seawall: configuration of an evaluation",
    ...schema,
    properties: { $schema: { type: "string" }, ...properties },
  };
}
