/** What is told of an attack while it goes on: pictures, the course of its figures, and how far it is. */
import { invariant, type Radius } from "../src/base/index.js";
import type { Sample } from "../src/data/index.js";
import { type AttackedImage, Progress, type TracedPass, type Watched } from "../src/evaluate/index.js";
import { cleanAttack, passLists } from "../src/journal/index.js";
import { colourMap, imageBytes, perturbationBytes } from "../src/report/index.js";
import type { LiveTrace, Picture, Pictures, Tell } from "./messages.js";

/** Milliseconds between two pictures of an attack: each costs a forward pass. */
const betweenPictures = 250;

/** Milliseconds after which the worker looks for messages: only then can an attack be stopped. */
const betweenBreaths = 40;

/** Watches an attack, and tells of it now and then. */
export class Live {
  readonly progress: Progress;
  readonly #radius: Radius;
  readonly #tell: Tell;
  /** When the first pass was done; what comes before it prepares the engine. */
  #start: number | undefined;
  #done = 0;
  #total: number;
  #attack = cleanAttack;
  #sample: Sample | undefined;
  #passes: TracedPass[] = [];
  #pictured = 0;
  #breathed = 0;

  constructor(total: number, radius: Radius, tell: Tell) {
    this.#total = total;
    this.#radius = radius;
    this.#tell = tell;
    this.progress = new Progress(total, ({ done, total }) => {
      this.#done = done;
      this.#total = total;
    });
  }

  started(attack: string, eps: string): void {
    this.#attack = attack;
    this.progress.began(attack, eps);
  }

  /** An image comes next. */
  began(sample: Sample): void {
    this.#sample = sample;
    this.#passes = [];
  }

  async watch({ pass, point, classes }: Watched): Promise<void> {
    this.#passes.push(pass);
    this.progress.passed();
    const now = performance.now();
    this.#start ??= now;
    if (now - this.#pictured > betweenPictures) {
      this.#pictured = now;
      this.#report(attackedPictures(this.#sample!, point, await classes(), this.#radius));
    }
    if (now - this.#breathed > betweenBreaths) {
      await nextMessage();
      this.#breathed = performance.now();
    }
  }

  attacked({ record, point, sample, trace }: AttackedImage & { readonly sample: Sample }): void {
    if (record.attack === cleanAttack) return;
    const pictures = attackedPictures(sample, point.pixels, point.classes, this.#radius);
    if (trace) this.#report(pictures);
    this.#tell({ kind: "attacked", record, pictures });
  }

  #report(pictures: Pictures): void {
    const seconds = (performance.now() - (this.#start ?? 0)) / 1000;
    const rate = seconds > 0 ? this.#done / seconds : 0;
    const sample = this.#sample;
    invariant(sample, "an attack is watched on no image");
    this.#tell({
      kind: "live",
      progress: {
        ...{ image: sample.id, attack: this.#attack, done: this.#done, total: this.#total },
        passesPerSecond: rate,
        secondsLeft: rate > 0 ? (this.#total - this.#done) / rate : Number.POSITIVE_INFINITY,
      },
      trace: this.#trace(sample, this.#radius),
      pictures,
    });
  }

  #trace({ id, labels, height, width }: Sample, { text: eps }: Radius): LiveTrace {
    return {
      ...{ image: id, attack: this.#attack, eps },
      valid: labels ? labels.reduce((sum, label) => sum + (label < 0 ? 0 : 1), 0) : height * width,
      passes: passLists(this.#passes),
    };
  }
}

function attackedPictures(
  sample: Sample,
  point: Float32Array,
  classes: ArrayLike<number>,
  { value }: Radius,
): Pictures {
  return {
    image: picture(sample, imageBytes(point, sample)),
    attacked: picture(sample, colourMap(classes)),
    perturbation: picture(sample, perturbationBytes(sample.image.data, point, value, sample)),
  };
}

/** The pictures of an image before an attack. */
export function cleanPictures({ sample, point }: AttackedImage & { readonly sample: Sample }): Pictures {
  return {
    image: picture(sample, imageBytes(sample.image.data, sample)),
    prediction: picture(sample, colourMap(point.classes)),
    ...(sample.labels && { label: picture(sample, colourMap(sample.labels)) }),
  };
}

function picture({ width, height }: Sample, bytes: Uint8Array): Picture {
  return { width, height, bytes };
}

/** Fulfilled after the messages that wait: promises alone never let them in. */
function nextMessage(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
