/** The curves of a training: JSON lines for programs, event files for TensorBoard. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, writeFileAtomic } from "../../base/index.node.js";
import type { TrainingLine } from "../../journal/index.js";
import { trainingRecords } from "../../journal/index.node.js";
import type { EpochEvent, StepEvent } from "../loop/train.js";
import type { ValidationFigures } from "../loop/validate.js";
import { restartRecord, scalarRecord, versionRecord } from "./events.js";

/** Appends to the logs of a folder. */
export class TrainingLog {
  readonly #lines: string;
  readonly #events: string;

  /**
   * Opens the logs and removes lines of updates after `step`: they come from a run that was killed after its last
   * checkpoint, and will be made again.
   * @param step updates done
   */
  constructor(folder: string, step: number) {
    this.#lines = join(folder, trainingRecords.log);
    const started = Math.floor(Date.now() / 1000);
    this.#events = join(folder, `events.out.tfevents.${started}.seawall.${process.pid}`);
    if (existsSync(this.#lines)) forgetAfter(this.#lines, step);
    append(this.#events, versionRecord(started));
    if (step > 0) append(this.#events, restartRecord(started, step + 1));
  }

  step(event: StepEvent): void {
    this.#line({ kind: "step", ...event });
    const { loss, cleanLoss, learningRate, gradientNorm, imagesPerSecond } = event;
    this.#scalars(event.step, {
      "training/loss": loss,
      ...(cleanLoss !== null && { "training/clean loss": cleanLoss }),
      "training/learning rate": learningRate,
      "training/gradient norm": gradientNorm,
      "training/images per second": imagesPerSecond,
    });
  }

  epoch(event: EpochEvent): void {
    const { validation, ...place } = event;
    if (!validation) return;
    this.#line({ kind: "validation", ...place, ...validation });
    this.#scalars(place.step, {
      ...tagged("clean", validation.clean),
      ...tagged("robust", validation.robust),
    });
  }

  /** @param validations number of them without a better accuracy */
  stopped({ step, epoch }: EpochEvent, validations: number): void {
    this.#line({ kind: "stopped", step, epoch, validations });
  }

  #line(value: TrainingLine): void {
    append(this.#lines, `${JSON.stringify(value)}\n`);
  }

  #scalars(step: number, scalars: Readonly<Record<string, number>>): void {
    append(this.#events, scalarRecord(Date.now() / 1000, step, scalars));
  }
}

function tagged(kind: string, { aAcc, mIoU }: ValidationFigures): Record<string, number> {
  return {
    ...(aAcc !== null && { [`validation/${kind} aAcc`]: aAcc }),
    ...(mIoU !== null && { [`validation/${kind} mIoU`]: mIoU }),
  };
}

function forgetAfter(file: string, step: number): void {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  const kept = lines.filter((line) => stepOf(line) <= step);
  if (kept.length < lines.length) writeFileAtomic(file, kept.map((line) => `${line}\n`).join(""));
}

/** The update that a line belongs to; infinite for a line that a crash cut short. */
function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as { step: number }).step;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function append(file: string, content: string | Uint8Array): void {
  attempt(file, "written", () => appendFileSync(file, content));
}
