/** Groups of parameters that share a learning rate and a weight decay. */
import type { ParameterSpec } from "../../nn/index.js";

/** Factors of the learning rate, by the beginning of the parameters' names. */
export type Multipliers = Readonly<Record<string, number>>;

export interface ParameterGroup {
  /** Whether weight decay applies. */
  readonly decays: boolean;
  /** Factor of the learning rate. */
  readonly multiplier: number;
  readonly parameters: readonly ParameterSpec[];
}

/**
 * Weight decay applies to weights only. Biases, norms, scale factors and embeddings are left out: all parameters of one
 * dimension, and those that timm's Segmenter lists, as in both versions of the paper's code.
 */
function decays({ kind }: ParameterSpec): boolean {
  return kind === "weight";
}

/**
 * The parameters by group; groups are in the order of their first parameter.
 * @param multipliers the longest prefix of a parameter's name decides; without one the factor is 1
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
  const prefixes = Object.keys(multipliers).filter((prefix) => name.startsWith(prefix));
  const longest = prefixes.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? 1 : multipliers[longest]!;
}
