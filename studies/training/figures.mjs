/** What the study says of its trainings: means over seeds with 95 % intervals, and how many epochs a backbone is worth. */
import { confidence, meanEstimate, studentQuantile } from "../../dist/metric/index.js";
import { groups } from "../pages.mjs";
import { passesOf } from "./studies.mjs";

/** @typedef {import("./studies.mjs").Cell & { figures: { aAcc: number, mIoU: number } }} Result what a training reached */

/** The chance with which a difference of the size `visible` is found. */
const power = 0.8;

/**
 * The two starts side by side, for each backbone, number of attack steps and number of epochs.
 * @param {Result[]} results in the order of `inOrder`, with both starts of every seed
 */
export function comparisons(results) {
  return groups(results, ({ backbone, steps, epochs }) => `${backbone} ${steps} ${epochs}`).map((own) => ({
    ...own[0],
    passes: passesOf(own[0]),
    aAcc: compared(own, "aAcc"),
    mIoU: compared(own, "mIoU"),
  }));
}

/** Means of both starts, and the difference of each seed: robust less clean. */
function compared(results, figure) {
  const [clean, robust] = ["clean", "robust"].map((start) => valuesOf(results, start, figure));
  const difference = meanEstimate(robust.map((value, i) => value - clean[i]));
  return {
    clean: meanEstimate(clean),
    robust: meanEstimate(robust),
    difference,
    visible: visible(difference, clean.length),
  };
}

function valuesOf(results, start, figure) {
  return results.filter((result) => result.start === start).map(({ figures }) => figures[figure]);
}

/** The difference that so many seeds, which vary as these do, would show to be none of chance with a chance of 80 %. */
function visible({ standardError }, seeds) {
  const [tail, found] = [(1 + confidence) / 2, power].map((share) => studentQuantile(share, seeds - 1));
  return (tail + found) * standardError;
}

/**
 * How many times as many epochs a clean start needs for the worst-case mIoU that a robust one has, for each backbone and
 * number of attack steps above 0.
 * @param {Result[]} results in the order of `inOrder`
 */
export function ratios(results) {
  const attacked = results.filter(({ steps }) => steps > 0);
  return groups(attacked, ({ backbone, steps }) => `${backbone} ${steps}`).flatMap((own) => {
    const epochs = [...new Set(own.map((result) => result.epochs))];
    return epochs.map((count) => ({ ...own[0], epochs: count, ...ratioAt(own, count) }));
  });
}

/** The ratio of each seed; their geometric mean, unless a clean start never gets there. */
function ratioAt(results, epochs) {
  const single = groups(results, ({ seed }) => seed).map((own) => {
    const [clean, robust] = ["clean", "robust"].map((start) => curveOf(own, start));
    const { mIoU } = robust.find((point) => point.epochs === epochs);
    return epochsFor(clean, mIoU) / epochs;
  });
  return { single, mean: single.every(Number.isFinite) ? meanEstimate(single.map(Math.log2)) : null };
}

function curveOf(results, start) {
  const own = results.filter((result) => result.start === start);
  return own.map(({ epochs, figures }) => ({ epochs, mIoU: figures.mIoU }));
}

/**
 * The number of epochs at which a curve first reaches a figure, between two trainings by a straight line over the logarithm
 * of the epochs.
 * @returns {number} that of the first point if this lies above already; Infinity if none does
 */
function epochsFor(curve, figure) {
  const at = curve.findIndex(({ mIoU }) => mIoU >= figure);
  if (at < 0) return Number.POSITIVE_INFINITY;
  if (at === 0) return curve[0].epochs;
  const [below, above] = [curve[at - 1], curve[at]];
  const share = (figure - below.mIoU) / (above.mIoU - below.mIoU);
  return below.epochs * (above.epochs / below.epochs) ** share;
}
