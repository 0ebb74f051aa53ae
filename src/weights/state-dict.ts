/** Finding the dictionary of tensors in a checkpoint that also has other content. */
import type { Tensor } from "../base/index.js";
import { quoteUntrusted, refuseFile } from "./guard/refuse.js";
import { isPickleList, isTensor, type PickleValue } from "./pickle/value.js";

/** The named tensors of a checkpoint, and where they were found. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Keys from the top of the checkpoint to the dictionary; empty if the top is the dictionary. */
  readonly path: readonly string[];
  /** Paths, joined by "/", of the content that was left out: `optimizer`, `epoch`, … */
  readonly others: readonly string[];
}

/** Keys of the wanted dictionary, in order of preference. Others of the same size are averages or teachers. */
const usualKeys = ["state_dict", "model_state_dict", "model", "net", "network", "module"];

/** A container, and its position in the checkpoint. */
interface Place {
  readonly value: PickleValue;
  readonly path: readonly string[];
  readonly parent: Place | undefined;
}

/**
 * The dictionary with the most named tensors. Among equals, one under a usual key is preferred, then the least nested,
 * then the first. Optimizer states, recognised by `state` and `param_groups`, are not searched.
 * @throws SeawallError `weights` if no dictionary has named tensors
 */
export function stateDictOf(checkpoint: PickleValue): StateDict {
  const best = places(checkpoint)
    .map((place) => ({ place, rank: rankOf(place) }))
    .reduce((a, b) => (isBetter(b.rank, a.rank) ? b : a));
  if (best.rank[0] === 0) {
    refuseFile(`no dictionary of named tensors found; ${contents(checkpoint)}. Save model.state_dict()`);
  }
  const { place } = best;
  return { tensors: new Map(tensorEntries(place.value)), path: place.path, others: leftOut(place) };
}

/**
 * Removes a prefix such as `module.` (DataParallel) or `_orig_mod.` (torch.compile) from all names. The tensors are
 * returned unchanged if a name lacks the prefix.
 */
export function stripPrefix(
  tensors: ReadonlyMap<string, Tensor>,
  prefix: string,
): ReadonlyMap<string, Tensor> {
  if (![...tensors.keys()].every((name) => name.startsWith(prefix))) return tensors;
  return new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** All containers, each once, the least nested first. */
function places(checkpoint: PickleValue): Place[] {
  const found: Place[] = [{ value: checkpoint, path: [], parent: undefined }];
  const seen = new Set<PickleValue>([checkpoint]);
  // The list grows during the loop: a breadth-first search.
  for (const place of found) {
    if (isOptimizerState(place.value)) continue;
    for (const [key, value] of entriesOf(place.value)) {
      if (!(isPickleList(value) || value instanceof Map) || seen.has(value)) continue;
      seen.add(value);
      found.push({ value, path: [...place.path, keyText(key)], parent: place });
    }
  }
  return found;
}

function isOptimizerState(value: PickleValue): boolean {
  return value instanceof Map && value.has("state") && value.has("param_groups");
}

function rankOf({ value, path }: Place): [tensors: number, usual: number] {
  const usual = usualKeys.indexOf(path.at(-1) ?? "");
  return [tensorEntries(value).length, usual < 0 ? usualKeys.length : usual];
}

function isBetter([tensors, usual]: [number, number], [bestTensors, bestUsual]: [number, number]): boolean {
  return tensors > bestTensors || (tensors === bestTensors && usual < bestUsual);
}

function tensorEntries(value: PickleValue): [string, Tensor][] {
  if (!(value instanceof Map)) return [];
  const entries: [string, Tensor][] = [];
  for (const [key, item] of value as ReadonlyMap<PickleValue, PickleValue>) {
    if (typeof key === "string" && isTensor(item)) entries.push([key, item]);
  }
  return entries;
}

function leftOut(place: Place): string[] {
  let others: string[] = [];
  let taken: PickleValue | undefined;
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

function entriesOf(value: PickleValue): [PickleValue, PickleValue][] {
  if (isPickleList(value)) return [...value.entries()];
  return value instanceof Map ? [...(value as ReadonlyMap<PickleValue, PickleValue>)] : [];
}

function keyText(key: PickleValue): string {
  return typeof key === "string" ? key : typeof key === "object" ? "(…)" : String(key);
}

function contents(checkpoint: PickleValue): string {
  if (isTensor(checkpoint)) return "it holds a single tensor without a name";
  const keys = entriesOf(checkpoint).map(([key]) => quoteUntrusted(keyText(key)));
  if (keys.length === 0) return "it holds nothing else either";
  return `it holds ${keys.slice(0, 10).join(", ")}${keys.length > 10 ? ", …" : ""}`;
}
