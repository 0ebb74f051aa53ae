/** A training on the viewer's pages: its entry in the list, and its own page with curves and examples. */
import { parseRadius } from "../../base/index.js";
import { chart, lineColour, lineSample, Plot } from "../html/chart.js";
import { type AttackPictures, attackTiles, classLegend } from "../html/parts.js";
import { type Markup, markup } from "../markup.js";
import { formatCount, formatDuration, formatFigure, plural } from "../text.js";
import type { CurveName, TrainingOverview, ValidationLine } from "./training-overview.js";

/** The stored pictures of a held-out image at the last validation. */
export interface ExamplePictures extends AttackPictures {
  /** Position among the held-out images. */
  readonly index: number;
}

/** Network, data and attack in a line. */
export function trainingFacts({ description: { config, data } }: TrainingOverview): string {
  const { architecture, attack, attackSteps, replay, eps, epochs } = config;
  const steps = replay === undefined ? plural(attackSteps, "step") : plural(replay, "replay");
  const attacked = attackSteps === 0 ? "clean images" : `${attack}, ${steps} at ${eps}`;
  const images = `${plural(data.images, "image")} of ${config.data}`;
  return ["training", architecture, images, attacked, plural(epochs, "epoch")].join(" · ");
}

/** Accuracies at the last validation, and the best one of the images that training is about: attacked, or clean. */
export function trainingHeadline({ soFar, description }: TrainingOverview): Markup {
  const { validation, best } = soFar;
  if (!validation) return markup`<span class="figures"><span>no validation yet</span></span>`;
  const kind = description.config.attackSteps === 0 ? "clean" : "robust";
  const highest = best.get(kind);
  return markup`<span class="figures"><span>attacked aAcc <b>${shown(validation.robust.aAcc)}</b></span><span>clean aAcc <b>${shown(validation.clean.aAcc)}</b></span>${
    highest &&
    markup`<span>best ${kind === "clean" ? "clean" : "attacked"} <b>${shown(highest[kind].aAcc)}</b> after epoch ${highest.epoch}</span>`
  }</span>`;
}

/** How far the training is, and how long the rest takes. */
export function trainingProgress({ done, total, secondsLeft, soFar, description }: TrainingOverview): Markup {
  if (total === undefined || !soFar.update) return markup`<span class="progress">no update yet</span>`;
  const left =
    secondsLeft === undefined ? "" : `, about ${formatDuration(secondsLeft)} left, validations apart`;
  const epoch = `epoch ${soFar.update.epoch.toFixed(1)} of ${description.config.epochs}`;
  return markup`<span class="progress"><progress max="${total}" value="${done}"></progress> ${formatCount(done)} of ${plural(total, "update")}, ${epoch}${left}</span>`;
}

/**
 * The content of a training's page below its title.
 * @param note stands above the curves
 */
export function trainingContent(
  overview: TrainingOverview,
  examples: readonly ExamplePictures[],
  note: Markup | false,
): Markup {
  const { soFar, isOver } = overview;
  const { stopped, validation } = soFar;
  return markup`<p class="facts">${trainingFacts(overview)}</p>
${stopped && markup`<p class="note">Ended early after ${plural(stopped.validations, "validation")} without a better accuracy.</p>`}
<p>${trainingHeadline(overview)}</p>
${!isOver && markup`<p>${trainingProgress(overview)}</p>`}
${note}
<section><h2>Curves</h2>
<div class="charts">${chartsOf(overview)}</div></section>
${validation && examples.length > 0 && examplesSection(overview, validation, examples)}`;
}

interface DrawnCurve {
  readonly name: string;
  readonly curve: CurveName;
}

interface DrawnChart {
  readonly title: string;
  readonly curves: readonly DrawnCurve[];
  /** Whether values are shares. */
  readonly isShare?: boolean;
  /** Whether the axis is logarithmic where all values are above zero. */
  readonly isLog?: boolean;
  /** What the values are of. */
  readonly of: string;
}

const updateNote = "updates, neighbours averaged";
const heldOutNote = "held-out images";

const charts: readonly DrawnChart[] = [
  {
    title: "Accuracy (aAcc)",
    of: heldOutNote,
    isShare: true,
    curves: [
      { name: "attacked", curve: "robust aAcc" },
      { name: "clean", curve: "clean aAcc" },
    ],
  },
  {
    title: "mIoU",
    of: heldOutNote,
    isShare: true,
    curves: [
      { name: "attacked", curve: "robust mIoU" },
      { name: "clean", curve: "clean mIoU" },
    ],
  },
  {
    title: "Loss",
    of: updateNote,
    curves: [
      { name: "of the images trained on", curve: "loss" },
      { name: "before the attack", curve: "cleanLoss" },
    ],
  },
  {
    title: "Gradient norm",
    of: `${updateNote}, before clipping`,
    isLog: true,
    curves: [{ name: "gradient norm", curve: "gradientNorm" }],
  },
  { title: "Learning rate", of: updateNote, curves: [{ name: "learning rate", curve: "learningRate" }] },
];

function chartsOf({ soFar, description }: TrainingOverview): Markup[] {
  return charts.flatMap(({ title, of, curves, isShare, isLog }) => {
    const drawn = curves.flatMap(({ name, curve }) => {
      const points = soFar.curves.get(curve)?.points ?? [];
      return points.length > 0 ? [{ name, points }] : [];
    });
    if (drawn.length === 0) return [];
    const values = drawn.flatMap(({ points }) => points.map(({ value }) => value));
    const isLogarithmic = isLog && values.every((value) => value > 0);
    const last = drawn.map(({ name, points }) => `${name} ${points.at(-1)!.value.toPrecision(4)}`);
    const drawing = chart({
      title: `${title} by epoch; at the end ${last.join(", ")}`,
      height: 200,
      marginLeft: 56,
      x: { domain: [0, description.config.epochs], label: "epoch →", ticks: 6 },
      y: {
        label: null,
        grid: true,
        ticks: 4,
        tickFormat: "~g",
        ...(isShare ? { domain: [0, 1] } : isLogarithmic ? { type: "log" } : { zero: true }),
      },
      marks: drawn.flatMap(({ points }, i) => [
        Plot.line(points, { x: "epoch", y: "value", stroke: lineColour(i), strokeWidth: 1.5 }),
        ...(points.length <= 30
          ? [Plot.dot(points, { x: "epoch", y: "value", fill: lineColour(i), r: 2 })]
          : []),
      ]),
    });
    const legend =
      drawn.length > 1 &&
      markup`<ul class="legend">${drawn.map(({ name }, i) => markup`<li>${lineSample(i)}${name}</li>`)}</ul>`;
    return [markup`<figure><figcaption>${title}: ${of}</figcaption>${drawing}${legend}</figure>`];
  });
}

function examplesSection(
  { description }: TrainingOverview,
  { epoch }: ValidationLine,
  examples: readonly ExamplePictures[],
): Markup {
  const { classes, classNames } = description.data;
  const radius = parseRadius(description.config.eps).value;
  const card = (example: ExamplePictures) =>
    markup`<figure class="card"><span class="tiles">${attackTiles(example, radius)}</span><figcaption>held-out image ${example.index + 1}</figcaption></figure>`;
  const legend =
    classes !== undefined &&
    classLegend(
      Array.from({ length: Math.min(classes, mostLegend) }, (_, label) => label),
      classes,
      classNames,
    );
  return markup`<section><h2>Held-out images after epoch ${epoch}</h2>
<div class="cards">${examples.map(card)}</div>
${legend}</section>`;
}

/** A legend names no more classes than there are colours for. */
const mostLegend = 24;

function shown(figure: number | null): string {
  return figure === null ? "–" : formatFigure(figure);
}
