/** Renames a checkpoint's tensors to Seawall's names: removes wrappers, finds the key map, renames, splits, reorders and drops. */
import { invariant, printable, SeawallError, type Tensor } from "../../base/index.js";
import type { Family } from "../architectures/architecture.js";
import { type KeyMap, type KeyMapName, keyMaps, type Reorder, trainingDrop } from "../key-maps/index.js";

/** A checkpoint under Seawall's names. */
export interface Translation {
  readonly name: KeyMapName;
  readonly keyMap: KeyMap;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The key in the file, by Seawall's name. */
  readonly sources: ReadonlyMap<string, string>;
  /** What was changed or left out, a sentence each. */
  readonly notices: readonly string[];
}

type Tensors = ReadonlyMap<string, Tensor>;

/** Prefixes from training code's wrapper modules. No name of Seawall's begins with one of them. */
const wrappers = /^(?:(?:module|_orig_mod|base_model|model|net|network)\.)+/;

/**
 * Renames the tensors of a state dictionary to the names of `family`'s parameters. Data is not copied unless its order
 * changes: a split tensor becomes views.
 * @throws SeawallError `weights` if no key map of the family fits, or two keys stand for the same parameter
 */
export function translateCheckpoint(tensors: Tensors, family: Family): Translation {
  const { keys, prefixes } = unwrap(tensors);
  const name = keyMapOf(keys.values(), family) ?? refuseUnknown([...keys.values()], family);
  const keyMap: KeyMap = keyMaps[name];
  const kept = [...keys].filter(([, key]) => !dropOf(keyMap, key));
  const sources = new Map<string, string>();
  const translated = new Map<string, Tensor>();
  for (const [source, key] of kept) {
    for (const [part, tensor] of partsOf(keyMap, key, tensors.get(source)!)) {
      const ours = renamed(keyMap, part);
      const twin = sources.get(ours);
      if (twin !== undefined)
        refuseCheckpoint(`keys "${shown(twin)}" and "${shown(source)}" both stand for ${shown(ours)}`);
      sources.set(ours, source);
      translated.set(ours, tensor);
    }
  }
  const notices = [
    `read as ${name}: ${keyMap.summary}`,
    ...prefixes.map((prefix) => `prefix "${shown(prefix)}" removed from the keys`),
    ...dropNotices(keyMap, [...keys.values()]),
  ];
  return { name, keyMap, tensors: translated, sources, notices };
}

/** The first key map whose marker key is among these keys, of any family unless one is given. */
function keyMapOf(keys: Iterable<string>, family?: Family): KeyMapName | undefined {
  const all = [...keys];
  const names = Object.keys(keyMaps) as KeyMapName[];
  return names.find((name) => {
    const keyMap: KeyMap = keyMaps[name];
    return (family === undefined || keyMap.family === family) && all.some((key) => keyMap.marker.test(key));
  });
}

/** The keys without wrappers' prefixes, by the key in the file; and the prefixes that were removed. */
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

function dropsOf({ drops = [] }: KeyMap) {
  return [...drops, trainingDrop];
}

function dropOf(keyMap: KeyMap, key: string) {
  return dropsOf(keyMap).find(([pattern]) => pattern.test(key));
}

function dropNotices(keyMap: KeyMap, keys: readonly string[]): string[] {
  return dropsOf(keyMap).flatMap((drop) => {
    const dropped = keys.filter((key) => dropOf(keyMap, key) === drop);
    return dropped.length > 0 ? [`left out: ${someOf(dropped)}: ${drop[1]}`] : [];
  });
}

function renamed({ renames = [] }: KeyMap, key: string): string {
  return renames.reduce((name, [part, replacement]) => name.replace(part, replacement), key);
}

function partsOf({ splits = [], reorders = [] }: KeyMap, key: string, tensor: Tensor): [string, Tensor][] {
  const reorder = reorders.find(([pattern]) => pattern.test(key));
  if (reorder) return [[key, reordered(tensor, reorder)]];
  const split = splits.find(([pattern]) => pattern.test(key));
  if (!split) return [[key, tensor]];
  const [pattern, into] = split;
  const [rows = 0, ...rest] = tensor.dims;
  if (rows % into.length !== 0)
    refuseCheckpoint(`"${shown(key)}" [${tensor.dims}] does not divide into ${into.length} parts`);
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

function reordered({ type, dims, data }: Tensor, [, from]: Reorder): Tensor {
  invariant(type !== "string", "weights are numbers");
  const length = dims.at(-1) ?? 1;
  const theirs = data as Float32Array;
  const ours = theirs.map((_, at) => theirs[at - (at % length) + from(at % length, length)]!);
  return { type, dims, data: ours };
}

function refuseUnknown(keys: readonly string[], family: Family): never {
  const other = keyMapOf(keys);
  const known = (Object.keys(keyMaps) as KeyMapName[]).filter((name) => keyMaps[name].family === family);
  const found = other
    ? `its keys are those of ${other} (${keyMaps[other].summary})`
    : `no key map fits its ${keys.length} keys: ${someOf(keys)}`;
  return refuseCheckpoint(
    `${found}; for an architecture of the ${family} family expected one of ${known.join(", ")}`,
  );
}

/** A key from a file, made safe for messages, at most 120 characters of it. */
export function shown(key: string): string {
  return printable(key.length > 120 ? `${key.slice(0, 120)}…` : key);
}

function someOf(keys: readonly string[]): string {
  return `${keys.slice(0, 6).map(shown).join(", ")}${keys.length > 6 ? `, … (${keys.length - 6} more)` : ""}`;
}

function refuseCheckpoint(message: string): never {
  throw new SeawallError("weights", message);
}
