/** By how much a record that was made again differs from the stored one. */
import type { RunRecord } from "../journal/index.js";

export interface RecordVerdict {
  readonly image: string;
  readonly attack: string;
  readonly eps: string;
  readonly match: boolean;
  /** At least so many pixels are predicted otherwise. */
  readonly pixels: number;
  /** Labels of so many pixels are others. */
  readonly labels: number;
  /** Now minus stored, of the accuracy, the step of the kept point and its largest |δ|. */
  readonly accuracy: number;
  readonly step: number;
  readonly maxDelta: number;
}

/**
 * @param tolerance by how much the accuracy may differ; with 0 counts, step and |δ| must be equal, too
 */
export function compareRecords(stored: RunRecord, now: RunRecord, tolerance: number): RecordVerdict {
  const { image, attack, eps } = stored;
  const pixels = changedPixels(stored, now);
  const labels = distance(stored.labels, now.labels) / 2 + Math.abs(stored.valid - now.valid) / 2;
  const accuracy = (now.accuracy ?? 0) - (stored.accuracy ?? 0);
  const step = now.step - stored.step;
  const maxDelta = now.maxDelta - stored.maxDelta;
  const equal = pixels === 0 && labels === 0 && step === 0 && maxDelta === 0;
  const match = equal || (tolerance > 0 && labels === 0 && Math.abs(accuracy) <= tolerance);
  return { image, attack, eps, match, pixels, labels, accuracy, step, maxDelta };
}

/**
 * A pixel that changes its predicted class moves the intersections by one at most, and the pixels predicted to be
 * of each class by two at most.
 */
function changedPixels(stored: RunRecord, now: RunRecord): number {
  const hits = distance(stored.intersection, now.intersection);
  return Math.max(hits, Math.ceil(distance(predicted(stored), predicted(now)) / 2));
}

/** Pixels with a label that are predicted to be of each class. */
function predicted({ intersection, union, labels }: RunRecord): number[] {
  return union.map((count, s) => count + intersection[s]! - labels[s]!);
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, count, s) => sum + Math.abs(count - b[s]!), 0);
}
