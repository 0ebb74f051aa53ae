/** Joins flags and a configuration file into complete settings, or reports every mistake at once. */
import type { z } from "zod";
import { formatCount, messageOf, SeawallError } from "../../base/index.js";
import { renameSettings } from "../../evaluate/index.js";
import { flagName } from "../output/eval-command.js";
import { say } from "../output/terminal.js";
import { type ConfigFile, readConfigFile } from "./config-file.js";
import { evaluationSet, type Flag, type FlagSet, flagForm, settingHelp } from "./flags.js";
import { type Mistake, mistakesOf } from "./mistakes.js";

/** Flags as commander returns them: text, list or boolean. */
export type Given = Readonly<Record<string, unknown>>;

/**
 * Joins flags and file, flags first, and checks all settings.
 * @throws SeawallError `config` listing every mistake, with its flag or its line of the file
 */
export async function readSettings<T>(
  schema: z.ZodType<T>,
  given: Given,
  configFile?: string,
  set: FlagSet = evaluationSet,
): Promise<T> {
  const file = configFile === undefined ? undefined : await readConfigFile(configFile);
  return checkMerged(schema, presentGiven(given, set), file && presentFile(file, set), set);
}

function checkMerged<T>(schema: z.ZodType<T>, given: Given, file: ConfigFile | undefined, set: FlagSet): T {
  const { values, mistakes } = readFlags(given, set);
  const merged = { ...file?.values, ...values };
  const result = schema.safeParse(merged);
  if (result.success && mistakes.length === 0) return result.data;

  const misread = new Set(mistakes.map(({ path }) => path[0]));
  const wrong = (result.error?.issues ?? [])
    .flatMap((issue) => mistakesOf(issue, merged, knownNames(set)))
    .filter(({ path }) => !misread.has(path[0]));
  const all = [...mistakes, ...wrong];
  const shown = all.slice(0, mostShown).map((mistake) => place(mistake, given, merged, file, set));
  throw refusal(shown, all.length);
}

/** Mistakes that a message lists. A file that is no configuration has thousands. */
const mostShown = 30;

/** Flags under their present names; the user is told if an old name was used. */
function presentGiven(given: Given, { renamed }: FlagSet): Given {
  if (!renamed) return given;
  const { values, notices } = renameSettings(given, flagName);
  say(...notices);
  return values;
}

/** Settings of a file under their present names; line numbers are kept. */
function presentFile(file: ConfigFile, { renamed }: FlagSet): ConfigFile {
  if (!renamed) return file;
  const { values, notices } = renameSettings(file.values);
  say(...notices.map((notice) => `${file.file}: ${notice}`));
  const oldName = (name: PropertyKey | undefined) =>
    Object.entries(renamed).find(([, present]) => present === name)?.[0];
  const lineOf = ([first, ...rest]: readonly PropertyKey[]) => {
    const old = oldName(first);
    return file.lineOf([first ?? "", ...rest]) ?? ((old && file.lineOf([old, ...rest])) || undefined);
  };
  return { ...file, values, lineOf };
}

/** Accepted spellings of a setting → its name. */
function knownNames({ flags, renamed }: FlagSet): Readonly<Record<string, string>> {
  return { ...Object.fromEntries(Object.keys(flags).map((name) => [name, name])), ...renamed };
}

function readFlags(
  given: Given,
  { flags }: FlagSet,
): { values: Record<string, unknown>; mistakes: Mistake[] } {
  const values: Record<string, unknown> = {};
  const mistakes: Mistake[] = [];
  for (const [setting, flag] of Object.entries(flags)) {
    if (given[setting] === undefined) continue;
    try {
      values[setting] = readFlag(flag, given[setting]);
    } catch (error) {
      mistakes.push({ path: [setting], message: messageOf(error) });
    }
  }
  return { values, mistakes };
}

function readFlag({ read }: Flag, value: unknown): unknown {
  if (!read || typeof value === "boolean") return value;
  return Array.isArray(value) ? value.map((entry) => read(String(entry))) : read(String(value));
}

/** A mistake and its place; mistakes are sorted by `line`. */
interface Placed {
  readonly line: number;
  readonly text: string;
}

function place(
  { path, message }: Mistake,
  given: Given,
  merged: Given,
  file: ConfigFile | undefined,
  set: FlagSet,
): Placed {
  const setting = String(path[0]);
  if (Object.hasOwn(given, setting) && given[setting] !== undefined)
    return { line: 0, text: `${flagName(setting)}: ${message}` };
  if (!Object.hasOwn(merged, setting))
    return { line: Number.POSITIVE_INFINITY, text: missing(setting, file, set) };
  const line = file?.lineOf(path);
  const where = line === undefined ? file?.file : `${file?.file}, line ${line}`;
  return { line: line ?? 0, text: `${where}: ${path.join(".")}: ${message}` };
}

function missing(setting: string, file: ConfigFile | undefined, set: FlagSet): string {
  const also = file ? `, and ${file.file} has no ${setting}` : "";
  return `${flagForm(setting, set)} is missing${also}: ${settingHelp(setting, set)}`;
}

function refusal(placed: readonly Placed[], count: number): SeawallError {
  const sorted = [...placed].sort((a, b) => (a.line < b.line ? -1 : a.line > b.line ? 1 : 0));
  const [first, ...others] = sorted.map(({ text }) => text);
  if (others.length === 0) return new SeawallError("config", first!);
  const list = [first, ...others].map((text) => `\n  ${text}`).join("");
  const some = count > sorted.length ? `, ${sorted.length} of them` : "";
  return new SeawallError("config", `${formatCount(count)} mistakes in the settings${some}:${list}`);
}
