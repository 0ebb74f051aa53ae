/** The type of a key map: how the keys of published checkpoints become Seawall's names. */
import type { Family, Flavour, Normalization } from "../architectures/architecture.js";

/** A part of a key, and its replacement. */
export type Rename = readonly [part: RegExp, replacement: string];

/** Keys of tensors that Seawall's network does not have, and what they hold. */
export type Drop = readonly [key: RegExp, what: string];

/** A tensor to cut into equal parts along its first axis. Each part's key has one of `into` in place of `part`. */
export type Split = readonly [part: RegExp, into: readonly string[]];

/**
 * Tensors whose last axis is stored in another order: element `i` of ours is element `from(i, length)` of theirs, where
 * `length` is that of the axis.
 */
export type Reorder = readonly [key: RegExp, from: (i: number, length: number) => number];

/** The naming scheme of one kind of checkpoint, and how it maps to Seawall's names. */
export interface KeyMap {
  /** The library or paper whose checkpoints these are. */
  readonly summary: string;
  readonly family: Family;
  /** Marker key: tells these checkpoints from those of the family's later key maps. */
  readonly marker: RegExp;
  readonly drops?: readonly Drop[];
  readonly splits?: readonly Split[];
  readonly reorders?: readonly Reorder[];
  /** Applied to every key, one after another. */
  readonly renames?: readonly Rename[];
  /** True for ImageNet classifiers, which have the backbone of a segmentation network but not its head. */
  readonly backbone?: true;
  /** The networks' normalization, if it is not the architecture's default. */
  readonly normalization?: Normalization;
  readonly flavour?: Flavour;
}

export const normalizerDrop: Drop = [
  /^(base_)?normalizer?\.(new_)?(mean|std)$/,
  "the mean and deviation that the file subtracts and divides by (--normalize imagenet puts ImageNet's into the graph)",
];
/** Training state in Seawall's own checkpoints. */
export const trainingDrop: Drop = [/^training\./, "the state of the optimizer"];
export const classifierDrop: Drop = [/^(head|fc|classifier)\./, "the ImageNet classifier"];
/** The head of Seawall's own classifiers, for networks that begin with their backbones. */
export const ownClassifierDrop: Drop = [/^classification_head\./, "the head that classifies whole images"];
