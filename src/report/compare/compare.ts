/** Two stored runs compared image by image: differences with bootstrap intervals, and who changed most. */
import { SeawallError } from "../../base/index.js";
import { memberNames } from "../../journal/index.js";
import type { StoredRun } from "../../journal/index.node.js";
import { confidence, resampleCount } from "./bootstrap.js";
import { type ComparedRow, compareSeries } from "./compared-rows.js";
import { pairRuns } from "./paired.js";
import { type Series, seriesOf } from "./series.js";

export interface CompareOptions {
  /** Compare what both runs have although data or protocol differ; the differences stay named. */
  readonly allowDifferent?: boolean;
  /** Of the bootstrap's resamples; default 0. */
  readonly seed?: number;
  /** How many images that changed most are listed; default 5. */
  readonly top?: number;
}

export interface ComparedRun {
  readonly model: string;
  readonly sha256: string;
  readonly classes: number;
  /** The attacks that its worst case is over, and its radii. */
  readonly attacks: readonly string[];
  readonly eps: readonly string[];
}

export interface Comparison {
  readonly schemaVersion: 1;
  readonly a: ComparedRun;
  readonly b: ComparedRun;
  /** In data and protocol, a sentence each. */
  readonly differences: readonly string[];
  /** Images that both runs have. */
  readonly images: number;
  readonly bootstrap: { readonly resamples: number; readonly confidence: number; readonly seed: number };
  readonly rows: readonly ComparedRow[];
}

/**
 * Compares two stored runs, recomputing nothing but figures.
 * @throws SeawallError `usage` if data or protocol differ (unless allowed), or nothing is common to both; `data`
 * if no pixel of the common images has a label
 */
export function compareRuns(a: StoredRun, b: StoredRun, options: CompareOptions = {}): Comparison {
  const { allowDifferent = false, seed = 0, top = 5 } = options;
  const { images, differences } = pairRuns(a, b);
  if (!allowDifferent) refuseDifferences(differences);
  const series = seriesOf(images, a.description, b.description);
  refuseUnlabelled(series[0]!);
  const sameClasses = a.description.model.classes === b.description.model.classes;
  return {
    schemaVersion: 1,
    a: comparedRun(a),
    b: comparedRun(b),
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
      "--allow-different compares what they have in common all the same",
  );
}

function refuseUnlabelled({ a, b }: Series): void {
  if (a.accuracy.some(({ valid }, i) => valid > 0 && b.accuracy[i]!.valid > 0)) return;
  throw new SeawallError("data", "no pixel of the images that both runs have carries a label");
}

function comparedRun({ description: { model, protocol } }: StoredRun): ComparedRun {
  const { file, sha256, classes } = model;
  return { model: file, sha256, classes, attacks: memberNames(protocol), eps: protocol.eps };
}
