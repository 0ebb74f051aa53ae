/** Finding the dictionary of tensors inside a checkpoint, whatever else was saved beside it. */
import type { Tensor } from "../base/index.js";
import { quote, refuse } from "./guard/refuse.js";
import { isList, isTensor, type Value } from "./pickle/value.js";

/** The named tensors of a checkpoint and how they were found. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Keys from the top of the checkpoint down to the dictionary; empty when the top is it. */
  readonly path: readonly string[];
  /** Paths, joined by "/", of what lies beside the way and was left out: `optimizer`, `epoch`, … */
  readonly others: readonly string[];
}

/** Between dictionaries of one size, that under such a key is meant; others are averages or teachers. */
const usualKeys = ["state_dict", "model_state_dict", "model", "net", "network", "module"];

interface Place {
  readonly value: Value;
  readonly path: readonly string[];
  readonly parent: Place | undefined;
}

/**
 * The dictionary with the most entries that are a text and a tensor; between equals one under a usual key, then
 * the least nested, then the first. Optimizer states, known by `state` and `param_groups`, are not looked into.
 * @throws SeawallError `weights` when there is none.
 */
export function stateDictOf(checkpoint: Value): StateDict {
  const best = places(checkpoint)
    .map((place) => ({ place, rank: rankOf(place) }))
    .reduce((a, b) => (isBetter(b.rank, a.rank) ? b : a));
  if (best.rank[0] === 0) {
    refuse(`no dictionary of named tensors in it; ${contents(checkpoint)}. Save model.state_dict()`);
  }
  const { place } = best;
  return { tensors: new Map(tensorEntries(place.value)), path: place.path, others: leftOut(place) };
}

/**
 * The same tensors without a prefix such as `module.` (DataParallel) or `_orig_mod.` (torch.compile) of all names;
 * unchanged when a name lacks it.
 */
export function stripPrefix(
  tensors: ReadonlyMap<string, Tensor>,
  prefix: string,
): ReadonlyMap<string, Tensor> {
  if (![...tensors.keys()].every((name) => name.startsWith(prefix))) return tensors;
  return new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** Every container once, the least nested first. */
function places(checkpoint: Value): Place[] {
  const found: Place[] = [{ value: checkpoint, path: [], parent: undefined }];
  const seen = new Set<Value>([checkpoint]);
  // The list grows while it is walked.
  for (const place of found) {
    if (isOptimizerState(place.value)) continue;
    for (const [key, value] of entriesOf(place.value)) {
      if (!(isList(value) || value instanceof Map) || seen.has(value)) continue;
      seen.add(value);
      found.push({ value, path: [...place.path, keyText(key)], parent: place });
    }
  }
  return found;
}

function isOptimizerState(value: Value): boolean {
  return value instanceof Map && value.has("state") && value.has("param_groups");
}

function rankOf({ value, path }: Place): [tensors: number, usual: number] {
  const usual = usualKeys.indexOf(path.at(-1) ?? "");
  return [tensorEntries(value).length, usual < 0 ? usualKeys.length : usual];
}

function isBetter([tensors, usual]: [number, number], [bestTensors, bestUsual]: [number, number]): boolean {
  return tensors > bestTensors || (tensors === bestTensors && usual < bestUsual);
}

function tensorEntries(value: Value): [string, Tensor][] {
  if (!(value instanceof Map)) return [];
  const entries: [string, Tensor][] = [];
  for (const [key, item] of value as ReadonlyMap<Value, Value>) {
    if (typeof key === "string" && isTensor(item)) entries.push([key, item]);
  }
  return entries;
}

function leftOut(place: Place): string[] {
  let others: string[] = [];
  let taken: Value | undefined;
  for (let at: Place | undefined = place; at; at = at.parent) {
    const prefix = at.path.map((key) => `${key}/`).join("");
    const beside = entriesOf(at.value).filter(([key, value]) =>
      taken === undefined ? !(typeof key === "string" && isTensor(value)) : value !== taken,
    );
    others = beside.map(([key]) => prefix + keyText(key)).concat(others);
    taken = at.value;
  }
  return others;
}

function entriesOf(value: Value): [Value, Value][] {
  if (isList(value)) return [...value.entries()];
  return value instanceof Map ? [...(value as ReadonlyMap<Value, Value>)] : [];
}

function keyText(key: Value): string {
  return typeof key === "string" ? key : typeof key === "object" ? "(…)" : String(key);
}

function contents(checkpoint: Value): string {
  if (isTensor(checkpoint)) return "it holds a single tensor without a name";
  const keys = entriesOf(checkpoint).map(([key]) => quote(keyText(key)));
  if (keys.length === 0) return "it holds nothing else either";
  return `it holds ${keys.slice(0, 10).join(", ")}${keys.length > 10 ? ", …" : ""}`;
}
