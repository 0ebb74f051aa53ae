/** What a training has done so far, summed up line by line in bounded memory. */
import type { TrainingDescription, TrainingLine } from "../../journal/index.js";

/** A point of a curve: epochs done, and a value. */
export interface CurvePoint {
  readonly epoch: number;
  readonly value: number;
}

/** More points than this are not told apart in a chart. */
const mostPoints = 400;

/** A curve of any number of values in at most `mostPoints` points: each is the mean of as many neighbours. */
export class Curve {
  #points: CurvePoint[] = [];
  /** Values in each point but the last. */
  #perPoint = 1;
  #inLast = 0;

  add(epoch: number, value: number): void {
    if (this.#inLast > 0 && this.#inLast < this.#perPoint) {
      const last = this.#points.pop()!;
      const mean = (old: number, added: number) => old + (added - old) / (this.#inLast + 1);
      this.#points.push({ epoch: mean(last.epoch, epoch), value: mean(last.value, value) });
      this.#inLast++;
      return;
    }
    if (this.#points.length === mostPoints) this.#halve();
    this.#points.push({ epoch, value });
    this.#inLast = 1;
  }

  get points(): readonly CurvePoint[] {
    return this.#points;
  }

  /** Called while all points are whole. */
  #halve(): void {
    const pairs = Array.from({ length: mostPoints / 2 }, (_, i) => [
      this.#points[2 * i]!,
      this.#points[2 * i + 1]!,
    ]);
    this.#points = pairs.map(([a, b]) => ({
      epoch: (a!.epoch + b!.epoch) / 2,
      value: (a!.value + b!.value) / 2,
    }));
    this.#perPoint *= 2;
  }
}

type LineOf<K extends TrainingLine["kind"]> = Extract<TrainingLine, { readonly kind: K }>;
type UpdateLine = LineOf<"step">;
export type ValidationLine = LineOf<"validation">;

/** The curves of a training, by what they show. */
export type CurveName =
  | Exclude<keyof UpdateLine, "kind" | "step" | "epoch" | "imagesPerSecond">
  | `${"clean" | "robust"} ${"aAcc" | "mIoU"}`;

/** Updates whose time says how long the others will take. */
const recentUpdates = 50;

/** The lines of a training's log, summed up. */
export class TrainingSoFar {
  readonly curves = new Map<CurveName, Curve>();
  /** The last update. */
  update: UpdateLine | undefined;
  /** The last validation, and those with the best accuracies of clean and of attacked images. */
  validation: ValidationLine | undefined;
  readonly best = new Map<"clean" | "robust", ValidationLine>();
  /** The line that says so if training ended early. */
  stopped: LineOf<"stopped"> | undefined;
  /** Seconds an image, for each of the last updates. */
  readonly #seconds: number[] = [];

  add(line: TrainingLine): void {
    // A training that ended early and was continued has not ended.
    this.stopped = line.kind === "stopped" ? line : undefined;
    if (line.kind === "step") this.#addUpdate(line);
    if (line.kind === "validation") this.#addValidation(line);
  }

  /** Seconds that an image took in the last updates, on average; undefined before the first update. */
  get secondsPerImage(): number | undefined {
    const { length } = this.#seconds;
    return length === 0 ? undefined : this.#seconds.reduce((sum, seconds) => sum + seconds, 0) / length;
  }

  #addUpdate(line: UpdateLine): void {
    this.update = line;
    const { epoch, loss, cleanLoss, learningRate, gradientNorm } = line;
    this.#draw(epoch, { loss, cleanLoss, learningRate, gradientNorm });
    this.#seconds.push(1 / line.imagesPerSecond);
    if (this.#seconds.length > recentUpdates) this.#seconds.shift();
  }

  #addValidation(line: ValidationLine): void {
    this.validation = line;
    const { epoch, clean, robust } = line;
    for (const kind of ["clean", "robust"] as const) {
      if ((line[kind].aAcc ?? -1) > (this.best.get(kind)?.[kind].aAcc ?? -1)) this.best.set(kind, line);
    }
    this.#draw(epoch, {
      "robust aAcc": robust.aAcc,
      "clean aAcc": clean.aAcc,
      "robust mIoU": robust.mIoU,
      "clean mIoU": clean.mIoU,
    });
  }

  #draw(epoch: number, values: Readonly<Partial<Record<CurveName, number | null>>>): void {
    for (const [name, value] of Object.entries(values) as [CurveName, number | null][]) {
      if (value === null) continue;
      const curve = this.curves.get(name) ?? new Curve();
      curve.add(epoch, value);
      this.curves.set(name, curve);
    }
  }
}

/** A training as the viewer shows it. */
export interface TrainingOverview {
  readonly description: TrainingDescription;
  readonly soFar: TrainingSoFar;
  /** Updates done, and those of the whole training, which is unknown before the first one. */
  readonly done: number;
  readonly total: number | undefined;
  /** Seconds that the other updates will take, validations apart. */
  readonly secondsLeft: number | undefined;
  /** Whether no update is left: all are done, or the training ended early. */
  readonly isOver: boolean;
}

export function trainingOverview(description: TrainingDescription, soFar: TrainingSoFar): TrainingOverview {
  const { update, stopped, secondsPerImage } = soFar;
  const { epochs, batchSize, accumulate } = description.config;
  const done = update?.step ?? 0;
  const total = update && Math.round((update.step / update.epoch) * epochs);
  const isOver = stopped !== undefined || (total !== undefined && done >= total);
  const left = total === undefined || isOver ? undefined : total - done;
  return {
    ...{ description, soFar, done, total, isOver },
    secondsLeft: left && secondsPerImage && left * batchSize * accumulate * secondsPerImage,
  };
}
