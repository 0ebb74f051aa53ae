/** The loop of an evaluation: radius by radius, attack by attack, batch by batch; every line is journalled. */

import type { Attack, AttackSettings, KeptPoint, Norm } from "../attack/index.js";
import { invariant, type Radius, randomStream } from "../base/index.js";
import type { Sample } from "../data/index.js";
import { cleanAttack, cleanEps, type Journal, type RunRecord } from "../journal/index.js";
import { countPixels, ignoreLabel } from "../metric/index.js";
import type { ImageOracle, Oracle } from "../oracle/index.js";

/** The samples of a run; `data`'s data sets are such. */
export interface Samples {
  readonly ids: readonly string[];
  samples(positions?: Iterable<number>): AsyncIterable<Sample>;
}

export interface Evaluation {
  readonly data: Samples;
  readonly journal: Journal;
  /** The oracle for images of a size. */
  oracle(size: { readonly height: number; readonly width: number }): Promise<Oracle>;
  readonly attacks: readonly Attack[];
  readonly radii: readonly Radius[];
  readonly settings: Omit<AttackSettings, "radius">;
  readonly seed: number;
  /** Images that are attacked at the same time; default 1. */
  readonly batch?: number;
  /** `self`: the clean prediction is the reference. */
  readonly labels?: "truth" | "self";
  readonly onStart?: (attack: string, eps: string) => void;
  readonly onRecord?: (record: RunRecord) => void;
  readonly onPoint?: (point: CountedPoint & { readonly sample: Sample }) => void;
  /** Called when all images of a run have met an attack. */
  readonly onAttack?: (attack: string, eps: string) => void | Promise<void>;
}

/** A point that is counted: the clean image, or what an attack kept. */
export interface CountedPoint {
  readonly attack: string;
  readonly eps: string;
  /** 3·H·W floats in [0, 1]. */
  readonly point: Float32Array;
  /** The predicted class of each pixel. */
  readonly classes: ArrayLike<number>;
  /** The reference: ground truth, or the clean prediction; −1 where a pixel counts nowhere. */
  readonly labels: ArrayLike<number>;
}

/** Attacks every image of a run that the journal does not hold yet. */
export async function evaluate(run: Evaluation): Promise<void> {
  await forEachBatch(run, { attack: cleanAttack, eps: cleanEps }, (subject) => subject.clean());
  for (const radius of run.radii) {
    for (const attack of run.attacks) {
      await forEachBatch(run, { attack: attack.name, eps: radius.text }, (subject) =>
        subject.under(attack, radius),
      );
      await run.onAttack?.(attack.name, radius.text);
    }
  }
}

type Slot = Pick<RunRecord, "attack" | "eps">;

async function forEachBatch(run: Evaluation, slot: Slot, work: (subject: Subject) => Promise<RunRecord>) {
  run.onStart?.(slot.attack, slot.eps);
  const missing = run.data.ids.flatMap((image, i) => (run.journal.has({ image, ...slot }) ? [] : [i]));
  for await (const batch of inBatches(run.data.samples(missing), run.batch ?? 1)) {
    const oracle = await run.oracle(batch[0]!);
    const records = await Promise.all(batch.map((sample) => work(new Subject(run, oracle, sample))));
    for (const record of records) {
      await run.journal.append(record);
      run.onRecord?.(record);
    }
  }
}

/** Consecutive samples of one size, at most `size` together. */
async function* inBatches(samples: AsyncIterable<Sample>, size: number): AsyncGenerator<Sample[]> {
  let batch: Sample[] = [];
  for await (const sample of samples) {
    const fits = batch[0]?.height === sample.height && batch[0].width === sample.width;
    if (batch.length > 0 && (!fits || batch.length === size)) {
      yield batch;
      batch = [];
    }
    batch.push(sample);
  }
  if (batch.length > 0) yield batch;
}

/** One image of a run: attacked, checked, counted. */
class Subject {
  readonly #run: Evaluation;
  readonly #oracle: Oracle;
  readonly #sample: Sample;

  constructor(run: Evaluation, oracle: Oracle, sample: Sample) {
    this.#run = run;
    this.#oracle = oracle;
    this.#sample = sample;
  }

  async clean(): Promise<RunRecord> {
    const oracle = await this.#withLabels();
    return this.#record(oracle, { attack: cleanAttack, eps: cleanEps }, { point: oracle.image, step: 0 }, 0);
  }

  /** The random stream depends on seed, content, attack and radius alone: on no batch, order, shard or resume. */
  async under(attack: Attack, radius: Radius): Promise<RunRecord> {
    const oracle = await this.#withLabels();
    const slot = { attack: attack.name, eps: radius.text };
    if (radius.value === 0) return this.#record(oracle, slot, { point: oracle.image, step: 0 }, 0);
    const random = randomStream(this.#run.seed, this.#sample.hash, attack.name, radius.text);
    const settings = { ...this.#run.settings, radius: radius.value };
    const kept = await attack.run(oracle, settings, random);
    return this.#record(oracle, slot, kept, radius.value);
  }

  async #withLabels(): Promise<ImageOracle> {
    const { image, labels, height, width } = this.#sample;
    if (this.#run.labels !== "self") {
      invariant(labels, `image "${this.#sample.id}" came without labels`);
      return this.#oracle.image(image.data, labels);
    }
    const unlabelled = this.#oracle.image(image.data, new Int32Array(height * width).fill(ignoreLabel));
    const { classes } = await unlabelled.predict(image.data, "ce");
    return this.#oracle.image(image.data, Int32Array.from(classes));
  }

  /** Recounts the point from its own forward pass: an attack cannot claim what it did not reach. */
  async #record(oracle: ImageOracle, slot: Slot, kept: KeptPoint, radius: number): Promise<RunRecord> {
    const { point, step } = kept;
    const maxDelta = checkPoint(oracle.image, point, this.#run.settings.norm, radius);
    const { classes } = await oracle.predict(point, "ce");
    const { correct, valid, intersection, union, labels } = countPixels(
      classes,
      oracle.labels,
      this.#oracle.classes,
    );
    this.#run.onPoint?.({ ...slot, point, classes, labels: oracle.labels, sample: this.#sample });
    const { id, index, hash } = this.#sample;
    return {
      image: id,
      index,
      hash,
      ...slot,
      accuracy: valid > 0 ? correct / valid : null,
      pixels: classes.length,
      correct,
      valid,
      intersection: [...intersection],
      union: [...union],
      labels: [...labels],
      ...oracle.cost,
      step,
      maxDelta,
    };
  }
}

/** Single precision leaves a distance of 6e-8 per number; a point further outside its ball is our mistake. */
const ballSlack = 1e-6;

/** Refuses a point outside [0, 1] or its ball; returns the largest |δ|. */
function checkPoint(image: Float32Array, point: Float32Array, norm: Norm, radius: number): number {
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
