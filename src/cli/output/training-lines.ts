/** The lines that `seawall train` prints. */
import { alignRows, formatCount, formatDuration, formatFigure, plural } from "../../report/index.js";
import type { EpochEvent, Recipe, StepEvent, ValidationFigures } from "../../train/index.js";
import type { RehearsalFigures, TrainingOutcome, TrainingPlan } from "../../train/index.node.js";
import type { Rate } from "./rate.js";

/** An update, with the total number of updates and the images per update. */
export interface TrainingProgress extends StepEvent {
  readonly done: number;
  readonly total: number;
  readonly imagesPerUpdate: number;
}

/** Rows that describe a planned training. */
export function planRows(plan: TrainingPlan, from: number): string[] {
  const { config, classes, training, heldOut, network, loop, format } = plan;
  const { steps, radius } = loop.attack;
  const images = `${plural(training.length, "image")}${heldOut ? ` and ${heldOut.length} held out` : ""}`;
  const passes = config.accumulate > 1 ? `${config.accumulate} × ${config.batchSize}` : `${config.batchSize}`;
  return alignRows([
    ["network", `${config.architecture}, ${formatCount(format.layouts.learned.length)} parameters`],
    ["data", `${images}, ${plural(classes, "class")}, crops of ${network.size.join("×")}`],
    [
      "attack",
      config.replay !== undefined
        ? `${config.replay} replays of each batch at ${config.eps} by ${config.stepSize}`
        : steps === 0
          ? "none"
          : `${config.attack}, ${plural(steps, "step")} at ${config.eps}${radius > 0 ? ` by ${config.stepSize}` : ""}`,
    ],
    [
      "updates",
      `${formatCount(loop.schedule.steps)} of ${passes} images, ${formatCount(loop.stepsPerEpoch)} an epoch, ${config.optimizer}`,
    ],
    ...(from > 0 ? [["continued", `after update ${formatCount(from)}`]] : []),
  ]);
}

/** `epoch 3.4 of 30 · loss 0.812 · clean loss 0.604 · rate 8.1e-4 · 12.3 images/s · 14 min left` */
export function stepText(event: TrainingProgress, rate: Rate): string {
  const { epoch, step, total, loss, cleanLoss, learningRate, imagesPerUpdate } = event;
  const [perSecond, left] = [rate.perSecond, rate.left(total)];
  return [
    `epoch ${epoch.toFixed(1)} of ${Math.round((epoch * total) / step)}`,
    `${cleanLoss === null ? "loss" : "robust loss"} ${loss.toFixed(3)}`,
    ...(cleanLoss === null ? [] : [`clean loss ${cleanLoss.toFixed(3)}`]),
    `rate ${learningRate.toExponential(1)}`,
    ...(perSecond === undefined ? [] : [`${(imagesPerUpdate * perSecond).toPrecision(3)} images/s`]),
    ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
  ].join(" · ");
}

/** The line of figures at the end of an epoch. */
export function epochLine({ epoch, validation }: EpochEvent): string {
  if (!validation) return `epoch ${epoch}   checkpoint written`;
  return `epoch ${epoch}   held out: clean ${figures(validation.clean)}   attacked ${figures(validation.robust)}`;
}

function figures({ aAcc, mIoU }: ValidationFigures): string {
  const text = (figure: number | null) => (figure === null ? "none" : formatFigure(figure));
  return `aAcc ${text(aAcc)} mIoU ${text(mIoU)}`;
}

/** Lines that name the files of a finished training. */
export function outcomeLines(outcome: TrainingOutcome): string[] {
  const { steps, stoppedEarly, model, checkpoint, best, top } = outcome;
  const { bestRobust } = best;
  return [
    ...(stoppedEarly ? ["ended early by --patience: the accuracy of held-out images no longer rises"] : []),
    `${plural(steps, "update")} done${bestRobust === undefined ? "" : `; best accuracy of attacked held-out images ${formatFigure(bestRobust)}`}`,
    `weights: ${checkpoint}`,
    ...(top.length > 0 ? [`best first: ${top.join(", ")}`] : []),
    `model: ${model}; evaluate it with seawall eval --model ${model}`,
  ];
}

/** Rows with time and memory of one update, and the estimate for all. */
export function rehearsalRows(figures: RehearsalFigures): string[] {
  const { accumulate, batches, secondsPerUpdate, seconds, peakBytes, stateBytes, loss } = figures;
  const from = batches < accumulate ? ` (from ${batches} of its ${accumulate} batches)` : "";
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  return alignRows([
    ["memory", `${gib(peakBytes)} at the peak, ${gib(stateBytes)} of it parameters and moments`],
    [
      "time",
      `${secondsPerUpdate.toPrecision(3)} s an update here${from}, about ${formatDuration(seconds)} in all, validation apart`,
    ],
    ["loss", `${loss.toFixed(3)} at the first update`],
  ]);
}

/** The recipes with the paper's figures in %. */
export function recipeRows(table: Readonly<Record<string, Recipe>>): string[] {
  const radii = ["clean", "4/255", "8/255", "12/255"] as const;
  const rows = Object.entries(table).map(([name, { published }]) => [
    name,
    ...radii.map((radius) => published[radius].map((figure) => figure?.toFixed(1) ?? "–").join("/")),
  ]);
  return alignRows([["recipe", ...radii.map((radius) => `${radius} aAcc/mIoU`)], ...rows]);
}
