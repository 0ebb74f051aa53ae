/** How the keys of published files map onto ours: substitutions, splits, and what is left out. */
import type { Family, Flavour, Normalization } from "../architectures/architecture.js";

/** Part of a key, and what replaces it. */
export type Rename = readonly [part: RegExp, replacement: string];

/** Keys that stand for nothing in our networks, and what they are. */
export type Drop = readonly [key: RegExp, what: string];

/** A tensor that holds equal parts along its first axis, whose keys get these in place of `part`. */
export type Split = readonly [part: RegExp, into: readonly string[]];

export interface Dialect {
  /** Whose files these are. */
  readonly summary: string;
  readonly family: Family;
  /** A key that tells this dialect from the family's later ones. */
  readonly sign: RegExp;
  readonly drops?: readonly Drop[];
  readonly splits?: readonly Split[];
  /** Applied one after another to every key. */
  readonly renames?: readonly Rename[];
  /** The files are ImageNet classifiers: a segmentation network begins with their layers and others of its own. */
  readonly backbone?: true;
  /** What these networks see, where it is not the architecture's own choice. */
  readonly normalization?: Normalization;
  readonly flavour?: Flavour;
}

export const normalizerDrop: Drop = [
  /^(base_)?normalizer?\.(new_)?(mean|std)$/,
  "the mean and deviation that the file subtracts and divides by (--normalize imagenet puts ImageNet's into the graph)",
];
/** What Seawall's checkpoints carry beside weights, whatever the network. */
export const trainingDrop: Drop = [/^training\./, "the memory of the optimizer"];
export const classifierDrop: Drop = [/^(head|fc|classifier)\./, "the ImageNet classifier"];
