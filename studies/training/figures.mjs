/** What the study says of its trainings: means over seeds with 95 % intervals, and how many epochs a backbone is worth. */
import { confidence, meanEstimate, studentQuantile } from "../../dist/metric/index.js";
import { groups } from "../pages.mjs";
import { passesOf } from "./studies.mjs";

/** @typedef {import("./studies.mjs").Cell & { figures: { aAcc: number, mIoU: number } }} Result what a training reached */

/** The probability with which a difference of the size `visible` is found. */
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

/** Means of both starts, and what the robust one gains. */
function compared(results, figure) {
  const [clean, robust] = ["clean", "robust"].map((start) =>
    valuesOf(
      results.filter((result) => result.start === start),
      figure,
    ),
  );
  return { clean: meanEstimate(clean), robust: meanEstimate(robust), ...gainOver(clean, robust) };
}

const valuesOf = (results, figure) => results.map(({ figures }) => figures[figure]);

/**
 * The difference of two trainings with the same seed, and the one that so many seeds, which vary as these do, would tell from
 * chance with a probability of 80 %.
 */
function gainOver(reference, values) {
  const difference = meanEstimate(values.map((value, i) => value - reference[i]));
  const [tail, found] = [(1 + confidence) / 2, power].map((share) =>
    studentQuantile(share, values.length - 1),
  );
  return { difference, visible: (tail + found) * difference.standardError };
}

/**
 * What more steps of the attack gain in worst-case mIoU, against fewer in as many epochs, and in as many passes.
 * @param {Result[]} results in the order of `inOrder`, of one network
 */
export function stepGains(results) {
  const trainings = groups(results, ({ start, steps, epochs }) => `${start} ${steps} ${epochs}`);
  const steps = [...new Set(results.map((result) => result.steps))];
  return trainings.flatMap((own) => {
    const [{ start, steps: more, epochs }] = own;
    const fewer = steps[steps.indexOf(more) - 1];
    if (fewer === undefined) return [];
    const others = trainings.filter(([other]) => other.start === start && other.steps === fewer);
    const gain = (isEqual) => {
      const other = others.find(([first]) => isEqual(first));
      return other && gainOver(valuesOf(other, "mIoU"), valuesOf(own, "mIoU"));
    };
    const sameEpochs = gain((other) => other.epochs === epochs);
    const samePasses = gain((other) => passesOf(other) === passesOf(own[0]));
    return sameEpochs ? [{ start, more, fewer, epochs, sameEpochs, samePasses }] : [];
  });
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
