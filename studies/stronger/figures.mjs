/** What the study says of its runs: means over seeds and images, with 95 % intervals. */
import { meanEstimate } from "../../dist/metric/index.js";

/**
 * The figures of an ensemble at one radius of a bed.
 * @param {import("./runs.mjs").Run[]} runs of this ensemble, one for each seed
 * @param {import("./runs.mjs").Run[]} reference those of the ensemble it is compared with
 */
export function figuresOf(runs, reference, eps) {
  const worst = (run, figure) => run.result.robust.find((radius) => radius.eps === eps).worst[figure];
  const overSeeds = (figure) => estimate(runs.map((run) => worst(run, figure)));
  return {
    passes: passesOf(runs[0], eps),
    aAcc: overSeeds("aAcc"),
    mIoU: overSeeds("mIoU"),
    aAccChange: changeByImage(runs, reference, eps),
    mIoUChange: estimate(runs.map((run, i) => worst(run, "mIoU") - worst(reference[i], "mIoU"))),
  };
}

/** Forward passes of an image at one radius, those that gather evidence and count included. */
function passesOf({ records }, eps) {
  const own = records.filter((record) => record.eps === eps);
  return own.reduce((sum, { forward }) => sum + forward, 0) / new Set(own.map(({ image }) => image)).size;
}

/** The change of an image's lowest accuracy against the reference, averaged over seeds: its mean over images. */
function changeByImage(runs, reference, eps) {
  const [own, other] = [runs, reference].map((some) => some.map((run) => lowestByImage(run, eps)));
  const mean = (maps, image) => maps.reduce((sum, map) => sum + map.get(image), 0) / maps.length;
  return estimate([...own[0].keys()].map((image) => mean(own, image) - mean(other, image)));
}

function lowestByImage({ records }, eps) {
  const lowest = new Map();
  for (const { image, accuracy, eps: radius } of records) {
    if (radius !== eps || accuracy === null) continue;
    lowest.set(image, Math.min(lowest.get(image) ?? 1, accuracy));
  }
  return lowest;
}

/** The mean, and its interval where there are two values. */
function estimate(values) {
  return meanEstimate(values) ?? { mean: values[0] };
}
