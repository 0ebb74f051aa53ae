/** Do the labels mean what the model means? Its clean prediction, compared with other readings of the same labels. */
import { labelMapText } from "../../data/index.js";

/** Where more pixels are ignored, the figures describe a small part of the images. */
export const mostIgnored = 0.5;

/** Pixels by label and predicted class. */
export class ConfusionCounts {
  readonly #rows = new Map<number, Map<number, number>>();

  add(label: number, predicted: number, pixels: number): void {
    const row = this.#rows.get(label) ?? new Map<number, number>();
    this.#rows.set(label, row);
    row.set(predicted, (row.get(predicted) ?? 0) + pixels);
  }

  /** Labels with a pixel. */
  labels(): number[] {
    return [...this.#rows.keys()];
  }

  at(label: number, predicted: number): number {
    return this.#rows.get(label)?.get(predicted) ?? 0;
  }

  /** Label, predicted class and number of pixels. */
  *cells(): Generator<readonly [label: number, predicted: number, pixels: number]> {
    for (const [label, row] of this.#rows) for (const [predicted, n] of row) yield [label, predicted, n];
  }
}

/** The class that each label is read as; −1: counts nowhere. Labels that are left out stay. */
export type Relabelling = ReadonlyMap<number, number>;

/** How well a prediction fits labels. */
export interface Fit {
  /** Share of the pixels that are right. */
  readonly accuracy: number;
  /** Mean over the classes with a label. */
  readonly mIoU: number;
  /** Classes that are recognised: an IoU of at least `recognised`. */
  readonly classes: number;
}

/** Another reading that fits far better. */
export interface BetterReading extends Fit {
  /** What is added to each label; undefined for a reading that exchanges classes. */
  readonly shift: number | undefined;
  readonly reading: Relabelling;
  /** How the labels fit as they are read, on the same pixels. */
  readonly now: Fit;
}

/** From this IoU on a class counts as recognised. A model that predicts one class alone recognises one. */
const recognised = 0.2;
/** What another reading must gain, and reach, to be far better. Exchanges fit by chance more easily than a shift. */
const gain = 0.15;
const least = { shift: 0.1, exchange: 0.3 };

/** The reading of the labels that fits far better than the one in use; undefined if there is none. */
export function betterReading(confusion: ConfusionCounts, classes: number): BetterReading | undefined {
  const shifts = [-1, 1].map((shift) => compared(confusion, shiftedBy(confusion, shift, classes), shift));
  const exchanged = compared(confusion, exchange(confusion, classes), undefined);
  const better = [
    ...shifts.filter((one) => isBetter(one, least.shift)),
    ...(isBetter(exchanged, least.exchange) ? [exchanged] : []),
  ];
  return better.reduce<BetterReading | undefined>(
    // A shift comes first, and is the simpler one.
    (best, one) => (best === undefined || one.mIoU > best.mIoU + 0.05 ? one : best),
    undefined,
  );
}

/** The accuracies of labels plus −1, 0 and 1, each on the pixels whose label is then a class. */
export function bestShift(confusion: ConfusionCounts, classes: number): number {
  const accuracy = (shift: number) => fitOf(confusion, shiftedBy(confusion, shift, classes)).accuracy;
  const shifts = [0, -1, 1];
  return shifts.reduce((best, shift) => (accuracy(shift) > accuracy(best) ? shift : best));
}

function isBetter({ accuracy, mIoU, classes, now }: BetterReading, leastMIoU: number): boolean {
  return accuracy >= now.accuracy + gain && mIoU >= Math.max(2 * now.mIoU, leastMIoU) && classes >= 2;
}

function compared(
  confusion: ConfusionCounts,
  reading: Relabelling,
  shift: number | undefined,
): BetterReading {
  const same = new Map([...reading].map(([label, read]) => [label, read < 0 ? -1 : label]));
  return { ...fitOf(confusion, reading), shift, reading, now: fitOf(confusion, same) };
}

function shiftedBy(confusion: ConfusionCounts, shift: number, classes: number): Relabelling {
  const isClass = (label: number) => label >= 0 && label < classes;
  return new Map(
    confusion.labels().map((label) => [label, isClass(label + shift) ? label + shift : -1] as const),
  );
}

/** Labels and predicted classes that overlap most, in pairs; a label without a partner stays where its class is free. */
function exchange(confusion: ConfusionCounts, classes: number): Relabelling {
  const { rows, columns } = marginsOf(confusion);
  const overlap = ([label, predicted, n]: readonly [number, number, number]) =>
    n / (rows.get(label)! + columns.get(predicted)! - n);
  const cells = [...confusion.cells()].sort((a, b) => overlap(b) - overlap(a));
  const reading = new Map<number, number>();
  const taken = new Set<number>();
  for (const [label, predicted] of cells) {
    if (reading.has(label) || taken.has(predicted)) continue;
    reading.set(label, predicted);
    taken.add(predicted);
  }
  for (const label of rows.keys())
    if (!reading.has(label)) reading.set(label, label < classes && !taken.has(label) ? label : -1);
  return reading;
}

function marginsOf(confusion: ConfusionCounts): { rows: Map<number, number>; columns: Map<number, number> } {
  const [rows, columns] = [new Map<number, number>(), new Map<number, number>()];
  for (const [label, predicted, n] of confusion.cells()) {
    rows.set(label, (rows.get(label) ?? 0) + n);
    columns.set(predicted, (columns.get(predicted) ?? 0) + n);
  }
  return { rows, columns };
}

/** How the prediction fits the labels as `reading` reads them. */
function fitOf(confusion: ConfusionCounts, reading: Relabelling): Fit {
  const [labelled, predicted, hits] = [0, 1, 2].map(() => new Map<number, number>()) as [
    Map<number, number>,
    Map<number, number>,
    Map<number, number>,
  ];
  const add = (counts: Map<number, number>, key: number, n: number) =>
    counts.set(key, (counts.get(key) ?? 0) + n);
  for (const [label, guess, n] of confusion.cells()) {
    const read = reading.get(label) ?? label;
    if (read < 0) continue;
    add(labelled, read, n);
    add(predicted, guess, n);
    if (read === guess) add(hits, read, n);
  }
  const sum = (counts: Map<number, number>) => [...counts.values()].reduce((total, n) => total + n, 0);
  const ious = [...labelled].map(([read, n]) => {
    const hit = hits.get(read) ?? 0;
    return hit / (n + (predicted.get(read) ?? 0) - hit);
  });
  return {
    accuracy: sum(hits) / Math.max(sum(labelled), 1),
    mIoU: ious.reduce((total, iou) => total + iou, 0) / Math.max(ious.length, 1),
    classes: ious.filter((iou) => iou >= recognised).length,
  };
}

/** A reading as words. */
export function readingText({ shift, reading }: Pick<BetterReading, "shift" | "reading">): string {
  if (shift !== undefined) return shift < 0 ? "labels minus 1" : "labels plus 1";
  const moved = [...reading].filter(([label, read]) => read !== label && read >= 0);
  const shown = moved.slice(0, 4).map(([label, read]) => `${label} as ${read}`);
  return `labels in another order (${shown.join(", ")}${moved.length > 4 ? ", …" : ""})`;
}

/**
 * The value of `--label-map` that reads labels so, where nothing else maps them.
 * @param stored the values of a label in the files; default: the label itself
 */
export function readingMap(
  { shift, reading }: Pick<BetterReading, "shift" | "reading">,
  stored: (label: number) => readonly number[] = (label) => [label],
): string {
  const isStored = [...reading.keys()].every((label) => stored(label).join() === String(label));
  if (shift === -1 && isStored) return "reduce-zero";
  const pairs = [...reading].filter(([label, read]) => read >= 0 && read !== label);
  const map = labelMapText(
    pairs.flatMap(([label, read]) => stored(label).map((value) => [value, read] as const)),
  );
  const nowhere = [...reading].filter(([, read]) => read < 0).flatMap(([label]) => stored(label));
  return [map, ...nowhere.map((value) => `${value}:ignore`)].filter(Boolean).join(",");
}
