/** Comparison of two stored runs, image by image: differences with bootstrap intervals, and the largest changes. */
import { SeawallError } from "../../base/index.js";
import { failedChecks, memberNames, type Protocol, withoutIdleRounds } from "../../journal/index.js";
import type { CheckedRun } from "../../journal/index.node.js";
import { confidence, resampleCount } from "../../metric/index.js";
import { type ComparedRow, compareSeries } from "./compared-rows.js";
import { pairRuns } from "./paired.js";
import { type Series, seriesOf } from "./series.js";

export interface CompareOptions {
  /** Compares what both runs have although data or protocol differ. The differences are still reported. */
  readonly allowDifferent?: boolean;
  /** Seed of the bootstrap's resamples. Default 0. */
  readonly seed?: number;
  /** The number of images with the largest changes to list. Default 5. */
  readonly top?: number;
}

export interface ComparedRun {
  readonly model: string;
  readonly sha256: string;
  readonly classes: number;
  /** The attacks that were run, over which the worst case is taken, and the radii. */
  readonly attacks: readonly string[];
  readonly eps: readonly string[];
  /** Soundness checks that failed, so that the figures are no evidence. */
  readonly failedChecks: readonly string[];
}

export interface Comparison {
  readonly schemaVersion: 1;
  readonly a: ComparedRun;
  readonly b: ComparedRun;
  /** Differences in data and protocol, a sentence each. */
  readonly differences: readonly string[];
  /** The number of images in both runs. */
  readonly images: number;
  readonly bootstrap: { readonly resamples: number; readonly confidence: number; readonly seed: number };
  readonly rows: readonly ComparedRow[];
}

/**
 * Compares two stored runs, read by `readRun` and checked by `checkRun`. Only figures are recomputed, from the stored
 * records.
 * @throws SeawallError `usage` if data or protocol differ (unless allowed), or no image is in both runs; `data` if no
 * pixel of the common images has a label
 */
export function compareRuns(a: CheckedRun, b: CheckedRun, options: CompareOptions = {}): Comparison {
  const { allowDifferent = false, seed = 0, top = 5 } = options;
  const { images, differences } = pairRuns(a, b);
  if (!allowDifferent) refuseDifferences(differences);
  const [ofA, ofB] = [protocolOf(a), protocolOf(b)];
  const series = seriesOf(images, ofA, ofB);
  refuseUnlabelled(series[0]!);
  const sameClasses = a.description.model.classes === b.description.model.classes;
  return {
    schemaVersion: 1,
    a: comparedRun(a, ofA),
    b: comparedRun(b, ofB),
    differences,
    images: images.length,
    bootstrap: { resamples: resampleCount, confidence, seed },
    rows: compareSeries(series, images, { sameClasses, seed, top }),
  };
}

function refuseDifferences(differences: readonly string[]): void {
  if (differences.length === 0) return;
  throw new SeawallError(
    "usage",
    `the runs differ in more than the model:\n  ${differences.join("\n  ")}\n` +
      "to compare what they have in common anyway, use --allow-different",
  );
}

function refuseUnlabelled({ a, b }: Series): void {
  if (a.accuracy.some(({ valid }, i) => valid > 0 && b.accuracy[i]!.valid > 0)) return;
  throw new SeawallError(
    "data",
    "no pixel of the images in both runs has a label, so there is no accuracy to compare",
  );
}

/** Attacks that took no step are those of rounds after the last. */
function protocolOf({ description, records }: CheckedRun): Protocol {
  return withoutIdleRounds(description.protocol, records);
}

function comparedRun({ description, soundness }: CheckedRun, protocol: Protocol): ComparedRun {
  const { file, sha256, classes } = description.model;
  return {
    model: file,
    sha256,
    classes,
    attacks: memberNames(protocol),
    eps: protocol.eps,
    failedChecks: failedChecks(soundness),
  };
}
