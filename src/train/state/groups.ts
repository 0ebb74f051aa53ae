/** Which parameters share a learning rate and a weight decay. */
import type { ParameterSpec } from "../../nn/index.js";

/** Parts of a network, by the beginning of their parameters' names, and what their learning rate is multiplied by. */
export type Multipliers = Readonly<Record<string, number>>;

export interface ParameterGroup {
  /** Whether weight decay applies. */
  readonly decays: boolean;
  /** Of the learning rate. */
  readonly multiplier: number;
  readonly parameters: readonly ParameterSpec[];
}

/**
 * Weights decay; biases, norms, factors and embeddings do not: what has one dimension, and what timm's Segmenter
 * lists, as in both versions of the paper's code.
 */
function decays({ kind }: ParameterSpec): boolean {
  return kind === "weight";
}

/**
 * The parameters by group, in the order of the first of each.
 * @param multipliers the longest name that a parameter begins with decides; none: 1
 */
export function groupParameters(
  parameters: readonly ParameterSpec[],
  multipliers: Multipliers = {},
): ParameterGroup[] {
  const groups = new Map<string, ParameterSpec[]>();
  for (const spec of parameters) {
    const key = JSON.stringify([decays(spec), multiplierOf(spec.name, multipliers)]);
    groups.set(key, [...(groups.get(key) ?? []), spec]);
  }
  return [...groups].map(([key, members]) => {
    const [decaying, multiplier] = JSON.parse(key) as [boolean, number];
    return { decays: decaying, multiplier, parameters: members };
  });
}

function multiplierOf(name: string, multipliers: Multipliers): number {
  const parts = Object.keys(multipliers).filter((part) => name.startsWith(part));
  const longest = parts.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? 1 : multipliers[longest]!;
}
