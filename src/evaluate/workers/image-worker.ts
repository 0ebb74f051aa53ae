/** A worker attacks one image at a time: here in the same thread. */
import {
  type AttackMember,
  type AttackSettings,
  type Earlier,
  type KeptPoint,
  repeatedName,
} from "../../attack/index.js";
import { invariant, type Radius, randomStream } from "../../base/index.js";
import { isOfBytes, type Sample } from "../../data/index.js";
import { cleanAttack, type RunRecord } from "../../journal/index.js";
import { countDetails, countPixels, ignoreLabel } from "../../metric/index.js";
import { type ImageOracle, type Oracle, transferOracle } from "../../oracle/index.js";
import type { CheckOutcomes } from "../soundness/index.js";
import { checkUntouched, perturbedValues, perturbingOnly } from "./channels.js";
import { evidencePasses, gatherEvidence, watchGradients } from "./evidence.js";
import { type AttackTrace, tracedOracle, type Watched } from "./trace.js";

/** Which attack at which radius; `clean` at radius 0 is the prediction of the image itself. */
export type AttackAtRadius = Pick<RunRecord, "attack" | "eps">;

/** What came of attacking an image. */
export interface AttackedImage {
  readonly record: RunRecord;
  readonly point: CountedPoint;
  /** Course of the attack; present for traced images only. */
  readonly trace?: AttackTrace;
}

/** A point that is counted: the clean image, or what an attack kept. */
export interface CountedPoint {
  /** C·H·W floats in [0, 1]. */
  readonly pixels: Float32Array;
  /** The predicted class of each pixel. */
  readonly classes: ArrayLike<number>;
  /** The reference: ground truth, or the clean prediction; −1 where a pixel counts nowhere. */
  readonly labels: ArrayLike<number>;
}

/** How an attack goes on. */
export interface Onward {
  /** From where. */
  readonly earlier: Earlier;
  /** Steps on this image, in a round; default: those of the attack. */
  readonly steps?: number;
}

/** A request to attack a sample. */
export interface AttackRequest {
  readonly sample: Sample;
  readonly slot: AttackAtRadius;
  /** Given for an attack that continues. */
  readonly onward: Onward | undefined;
}

export interface ImageWorker {
  /** Fulfilled when the worker can begin with another image; default: as soon as it has done the last. */
  whenWanted?(): Promise<void>;
  /** @param onward given for an attack that continues */
  attack(sample: Sample, slot: AttackAtRadius, onward?: Onward): Promise<AttackedImage>;
  /** Makes the checks of the model that look at logits, if the worker runs beside the caller. */
  checkLogits?(sample: Sample): Promise<CheckOutcomes>;
  dispose(): Promise<void>;
}

/** The workers of a run. */
export interface WorkerPool {
  readonly workers: readonly ImageWorker[];
  /** @param isDone whether the run has all that its workers were asked for */
  close(isDone: boolean): Promise<void>;
}

/** What a worker must know of its run. */
export interface ImageWorkerSettings {
  /** The oracle for images of a size. */
  oracle(size: { readonly height: number; readonly width: number }): Promise<Oracle>;
  /** The oracle of the model whose gradient transferred attacks follow. */
  surrogate?(size: { readonly height: number; readonly width: number }): Promise<Oracle>;
  /** The attacks with their steps. */
  readonly attacks: readonly AttackMember[];
  readonly radii: readonly Radius[];
  readonly settings: Omit<AttackSettings, "radius" | "steps">;
  readonly seed: number;
  /** `self`: the clean prediction is the reference. */
  readonly labels: "truth" | "self";
  /** The attacks on images up to this position in the data are traced; default none. */
  readonly trace?: number;
  /** Called after each pass of a traced attack, which waits for it. */
  readonly onTracedPass?: (watched: Watched) => Promise<void>;
  /** Channels that attacks may change, counted from 1; default: all. */
  readonly perturbChannels?: readonly number[] | undefined;
}

/** A worker in the calling thread. */
export function localWorker(run: ImageWorkerSettings, dispose: () => Promise<void>): ImageWorker {
  return {
    dispose,
    async attack(sample, slot, onward) {
      const model = await run.oracle(sample);
      const oracle = await withGradients(run, await withLabels(run, model, sample), sample, slot.attack);
      const radius =
        slot.attack === cleanAttack ? undefined : find(run.radii, (entry) => entry.text === slot.eps);
      const { kept, trace } = radius?.value
        ? await attacked(run, model, oracle, sample, { name: slot.attack, radius, onward })
        : { kept: unmoved(oracle) };
      const outcome = await outcomeOf(oracle, model.classes, sample, slot, kept);
      return trace ? { ...outcome, trace } : outcome;
    },
  };
}

/** A point that was found to lie in its ball. */
interface Kept extends KeptPoint, Pick<RunRecord, "maxDelta" | "steps" | "evidence"> {}

const unmoved = (oracle: ImageOracle): Kept => ({ point: oracle.image, step: 0, maxDelta: 0 });

/**
 * Forward passes at most for one record: the attack's own, those for evidence, and the recount.
 * @param windowed a gradient takes two, since no window's values are kept until the losses of all are known
 */
export function passesOf(member: AttackMember | undefined, windowed = false): number {
  return member ? (windowed ? 2 : 1) * member.attack.passes(member.steps) + evidencePasses + 1 : 1;
}

/** The random stream depends on seed, content, attack and radius alone: on no worker, order, shard or resume. */
async function attacked(
  run: ImageWorkerSettings,
  model: Oracle,
  oracle: ImageOracle,
  sample: Sample,
  { name, radius, onward }: { name: string; radius: Radius; onward: Onward | undefined },
): Promise<{ readonly kept: Kept; readonly trace?: AttackTrace }> {
  const { attack, steps: usual, seed = run.seed } = find(run.attacks, (entry) => entry.attack.name === name);
  const { earlier, steps } = onward ?? {};
  const stream = (key: string) => randomStream(seed, sample.hash, key, radius.text);
  const settings = { ...run.settings, steps: steps ?? usual, radius: radius.value };
  const perturbed = perturbedValues(oracle, run.perturbChannels);
  const watch = watchGradients(perturbingOnly(oracle, perturbed), perturbed);
  const traced =
    sample.index < (run.trace ?? 0)
      ? traceOf(watch.oracle, model, attack, settings, run.onTracedPass)
      : undefined;
  const found = await attack.run(
    traced?.oracle ?? watch.oracle,
    settings,
    stream(repeatedName(name)),
    earlier,
  );
  const maxDelta = checkPoint(oracle.image, found.point, settings);
  checkUntouched(oracle.image, found.point, perturbed);
  const evidence =
    settings.norm === "linf"
      ? await gatherEvidence(perturbingOnly(oracle, perturbed), found, settings, watch.seen(), {
          perturbed,
          bytes: isOfBytes(sample.stored),
          random: stream("evidence"),
        })
      : undefined;
  const kept = {
    ...found,
    maxDelta,
    ...(steps !== undefined && { steps }),
    ...(evidence && { evidence }),
  };
  return { kept, ...(traced && { trace: traced.trace }) };
}

/** An oracle that notes the course of an attack. */
function traceOf(
  oracle: ImageOracle,
  model: Oracle,
  attack: AttackMember["attack"],
  { steps, radius }: AttackSettings,
  onPass: ImageWorkerSettings["onTracedPass"],
) {
  // A second oracle of the image, so that looking at predictions costs the record nothing.
  const onlooker = model.image(oracle.image, oracle.labels);
  return tracedOracle(oracle, {
    passes: attack.passes(steps),
    radius,
    onPass,
    classesAt: async (point) => Int32Array.from((await onlooker.predict(point)).classes),
  });
}

/** The oracle that an attack asks: a transferred one gets the gradients of the surrogate. */
async function withGradients(
  run: ImageWorkerSettings,
  scored: ImageOracle,
  sample: Sample,
  name: string,
): Promise<ImageOracle> {
  const member = run.attacks.find(({ attack }) => attack.name === name);
  if (member?.attack.gradientsOf !== "surrogate") return scored;
  const surrogate = await run.surrogate?.(sample);
  invariant(surrogate, `${name} needs a surrogate`);
  return transferOracle(scored, surrogate.image(scored.image, scored.labels));
}

async function withLabels(run: ImageWorkerSettings, model: Oracle, sample: Sample): Promise<ImageOracle> {
  const { image, labels, height, width } = sample;
  if (run.labels !== "self") {
    invariant(labels, `image "${sample.id}" came without labels`);
    return model.image(image.data, labels);
  }
  const unlabelled = model.image(image.data, new Int32Array(height * width).fill(ignoreLabel));
  const { classes } = await unlabelled.predict(image.data);
  return model.image(image.data, Int32Array.from(classes), unlabelled.cost);
}

/** Recounts the point from its own forward pass: an attack cannot claim what it did not reach. */
async function outcomeOf(
  oracle: ImageOracle,
  modelClasses: number,
  { id, index, hash, height, width }: Sample,
  slot: AttackAtRadius,
  { point, step, maxDelta, steps, evidence }: Kept,
): Promise<AttackedImage> {
  const { classes, undecided } = await oracle.predict(point);
  const counts = countPixels(classes, oracle.labels, modelClasses);
  const { correct, valid } = counts;
  // The fields in the order of the schema, so that merged journals have the same bytes.
  const record: RunRecord = {
    image: id,
    index,
    hash,
    eps: slot.eps,
    attack: slot.attack,
    accuracy: valid > 0 ? correct / valid : null,
    pixels: classes.length,
    correct,
    valid,
    undecided,
    intersection: [...counts.intersection],
    union: [...counts.union],
    labels: [...counts.labels],
    ...oracle.cost,
    step,
    maxDelta,
    details: countDetails(classes, oracle.labels, { height, width }),
    ...(steps !== undefined && { steps }),
    ...(evidence && { evidence }),
  };
  return { record, point: { pixels: point, classes, labels: oracle.labels } };
}

/** Single precision leaves a distance of 6e-8 per number; a point further outside its ball is our mistake. */
const ballSlack = 1e-6;

/** Refuses a point outside [0, 1] or its ball; returns the largest |δ|. */
function checkPoint(
  image: Float32Array,
  point: Float32Array,
  { norm, radius }: Pick<AttackSettings, "norm" | "radius">,
): number {
  let largest = 0;
  let squares = 0;
  for (let i = 0; i < image.length; i++) {
    const value = point[i]!;
    invariant(value >= 0 && value <= 1, `an attack returned ${value}, outside [0, 1]`);
    const delta = Math.abs(value - image[i]!);
    largest = Math.max(largest, delta);
    squares += delta * delta;
  }
  const distance = norm === "linf" ? largest : Math.sqrt(squares);
  const slack = norm === "linf" ? ballSlack : ballSlack * Math.sqrt(image.length);
  invariant(
    distance <= radius + slack,
    `an attack returned a point at distance ${distance} for a radius of ${radius}`,
  );
  return largest;
}

function find<T>(list: readonly T[], matches: (entry: T) => boolean): T {
  const found = list.find(matches);
  invariant(found !== undefined, "the worker does not know the attack or the radius");
  return found;
}
