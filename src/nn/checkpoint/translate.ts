/** A file's tensors under our names: wrappers off, dialect recognised, keys mapped, what is foreign left out. */
import { invariant, SeawallError, type Tensor } from "../../base/index.js";
import type { Family } from "../architectures/architecture.js";
import { type Dialect, type DialectName, dialects, trainingDrop } from "../key-maps/index.js";

/** A checkpoint in our names. */
export interface Translation {
  readonly name: DialectName;
  readonly dialect: Dialect;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The key in the file of each of our names. */
  readonly sources: ReadonlyMap<string, string>;
  /** What was done on the way, one sentence each. */
  readonly notices: readonly string[];
}

type Tensors = ReadonlyMap<string, Tensor>;

/** What training code puts around networks; none of our names begins with one of them. */
const wrappers = /^(?:(?:module|_orig_mod|base_model|model|net|network)\.)+/;

/**
 * The tensors of a state dictionary under the names of `family`'s parameters; none is copied, but parts may be views.
 * @throws SeawallError `weights` when no dialect of the family is recognised, or two keys mean the same parameter
 */
export function translateCheckpoint(tensors: Tensors, family: Family): Translation {
  const { keys, prefixes } = unwrap(tensors);
  const name = dialectOf(keys.values(), family) ?? refuseUnknown([...keys.values()], family);
  const dialect: Dialect = dialects[name];
  const kept = [...keys].filter(([, key]) => !dropOf(dialect, key));
  const sources = new Map<string, string>();
  const translated = new Map<string, Tensor>();
  for (const [source, key] of kept) {
    for (const [part, tensor] of partsOf(dialect, key, tensors.get(source)!)) {
      const ours = renamed(dialect, part);
      const twin = sources.get(ours);
      if (twin !== undefined)
        refuse(`keys "${shown(twin)}" and "${shown(source)}" both stand for ${shown(ours)}`);
      sources.set(ours, source);
      translated.set(ours, tensor);
    }
  }
  const notices = [
    `read as ${name}: ${dialect.summary}`,
    ...prefixes.map((prefix) => `prefix "${shown(prefix)}" taken off the keys`),
    ...dropNotices(dialect, [...keys.values()]),
  ];
  return { name, dialect, tensors: translated, sources, notices };
}

/** The dialect of a file with these keys, of any family unless one is given. */
function dialectOf(keys: Iterable<string>, family?: Family): DialectName | undefined {
  const all = [...keys];
  const names = Object.keys(dialects) as DialectName[];
  return names.find((name) => {
    const dialect: Dialect = dialects[name];
    return (family === undefined || dialect.family === family) && all.some((key) => dialect.sign.test(key));
  });
}

/** The keys without wrappers, by the key in the file; and what was taken off. */
function unwrap(tensors: Tensors): { keys: ReadonlyMap<string, string>; prefixes: readonly string[] } {
  const keys = new Map<string, string>();
  const prefixes = new Set<string>();
  for (const source of tensors.keys()) {
    const prefix = wrappers.exec(source)?.[0] ?? "";
    keys.set(source, source.slice(prefix.length));
    if (prefix) prefixes.add(prefix);
  }
  return { keys, prefixes: [...prefixes] };
}

function dropsOf({ drops = [] }: Dialect) {
  return [...drops, trainingDrop];
}

function dropOf(dialect: Dialect, key: string) {
  return dropsOf(dialect).find(([pattern]) => pattern.test(key));
}

function dropNotices(dialect: Dialect, keys: readonly string[]): string[] {
  return dropsOf(dialect).flatMap((drop) => {
    const dropped = keys.filter((key) => dropOf(dialect, key) === drop);
    return dropped.length > 0 ? [`left out: ${someOf(dropped)}: ${drop[1]}`] : [];
  });
}

function renamed({ renames = [] }: Dialect, key: string): string {
  return renames.reduce((name, [part, replacement]) => name.replace(part, replacement), key);
}

function partsOf({ splits = [] }: Dialect, key: string, tensor: Tensor): [string, Tensor][] {
  const split = splits.find(([pattern]) => pattern.test(key));
  if (!split) return [[key, tensor]];
  const [pattern, into] = split;
  const [rows = 0, ...rest] = tensor.dims;
  if (rows % into.length !== 0)
    refuse(`"${shown(key)}" [${tensor.dims}] does not divide into ${into.length} parts`);
  const { type, data } = tensor;
  invariant(type !== "string", "weights are numbers");
  const length = data.length / into.length;
  return into.map((name, i) => [
    key.replace(pattern, name),
    {
      type,
      dims: [rows / into.length, ...rest],
      data: (data as Float32Array).subarray(i * length, (i + 1) * length),
    },
  ]);
}

function refuseUnknown(keys: readonly string[], family: Family): never {
  const other = dialectOf(keys);
  const known = (Object.keys(dialects) as DialectName[]).filter((name) => dialects[name].family === family);
  const found = other
    ? `its keys are those of ${other} (${dialects[other].summary})`
    : `its ${keys.length} keys are of no known kind: ${someOf(keys)}`;
  return refuse(`${found}; for an architecture of the ${family} family expected one of ${known.join(", ")}`);
}

/** A key of a file as messages show it: on one line, and not for ever. */
export function shown(key: string): string {
  const line = key.replace(/\p{C}/gu, "�");
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}

function someOf(keys: readonly string[]): string {
  return `${keys.slice(0, 6).map(shown).join(", ")}${keys.length > 6 ? `, … (${keys.length - 6} more)` : ""}`;
}

function refuse(message: string): never {
  throw new SeawallError("weights", message);
}
