/** An opened model with its images: predicts, attacks, and tells what happens. */
import { type AttackMember, parseMembers } from "../src/attack/index.js";
import { invariant, parseRadius, type Radius } from "../src/base/index.js";
import type { Sample } from "../src/data/index.js";
import {
  type AttackedImage,
  Chain,
  evaluate,
  localWorker,
  Progress,
  passesOf,
  pointsInMemory,
  type TracedPass,
  type Watched,
} from "../src/evaluate/index.js";
import { cleanAttack, type Journal, type RunRecord } from "../src/journal/index.js";
import { readModel } from "../src/onnx/index.js";
import { findImage, type ModelOpener, modelOpener, type Oracle } from "../src/oracle/index.js";
import { colourMap, imageBytes, perturbationBytes } from "../src/report/index.js";
import type { AttackOrder, LiveTrace, Opening, Picture, Pictures, Report } from "./messages.js";
import { readSamples } from "./samples.js";

export type Tell = (report: Report) => void;

/** Seeds all randomness, as `seawall eval --seed` does. */
const seed = 0;

/** Milliseconds between two pictures of an attack: each costs a forward pass. */
const betweenPictures = 250;

/** Milliseconds after which the worker looks for messages: only then can an attack be stopped. */
const betweenBreaths = 40;

/** A model that is ready to be attacked on its images. */
export class Session {
  readonly #opener: ModelOpener;
  readonly #samples: readonly Sample[];
  readonly #tell: Tell;

  private constructor(opener: ModelOpener, samples: readonly Sample[], tell: Tell) {
    this.#opener = opener;
    this.#samples = samples;
    this.#tell = tell;
  }

  /**
   * Opens a model, reads its images and predicts them.
   * @throws SeawallError with what is wrong with a file and what to do
   */
  static async open(opening: Opening, tell: Tell): Promise<Session> {
    const { model, device } = opening;
    const notices: string[] = [];
    const graph = readModel(model.bytes, { file: model.name });
    const opener = modelOpener({ graph, networks: new Map() }, {}, { device });
    const samples = await readSamples(opening, {
      input: findImage(graph),
      classesAt: async (size) => (await opener.at(size)).classes,
      tell: (sentence) => notices.push(sentence),
    });
    const opened = await opener.at(samples[0]!);
    const session = new Session(opener, samples, tell);
    const { records, pictures } = await session.#predict();
    tell({
      kind: "opened",
      notices: [...opened.notices, ...notices],
      images: samples.map(({ id }) => id),
      classes: opened.classes,
      self: samples.every(({ labels }) => labels === undefined),
      clean: records,
      pictures,
    });
    return session;
  }

  /**
   * Attacks every image.
   * @param signal ends the attack with its reason
   * @throws SeawallError for attacks that there are not
   */
  async attack({ attacks, eps, steps }: AttackOrder, signal: AbortSignal): Promise<void> {
    const members = parseMembers(attacks, { steps });
    const radius = parseRadius(eps);
    await this.#run({ members, radius, signal });
  }

  /** The clean predictions, and the pictures of the first. */
  async #predict(): Promise<{ records: RunRecord[]; pictures: Pictures }> {
    const records: RunRecord[] = [];
    let pictures: Pictures = {};
    await this.#run({
      members: [],
      onOutcome: ({ record, point, sample }) => {
        if (records.push(record) > 1) return;
        pictures = {
          image: picture(sample, imageBytes(sample.image.data, sample)),
          prediction: picture(sample, colourMap(point.classes)),
          ...(sample.labels && { label: picture(sample, colourMap(sample.labels)) }),
        };
      },
    });
    return { records, pictures };
  }

  async #run(run: {
    readonly members: readonly AttackMember[];
    readonly radius?: Radius;
    readonly signal?: AbortSignal;
    readonly onOutcome?: (outcome: AttackedImage & { readonly sample: Sample }) => void;
  }): Promise<void> {
    const { members, radius, signal } = run;
    const records: RunRecord[] = [];
    const passes = members.reduce((sum, member) => sum + passesOf(member), 1);
    const live = new Live(this.#samples.length * passes, radius, this.#tell);
    const oracles = new Oracles(this.#opener, members, signal);
    const worker = localWorker(
      {
        oracle: (size) => oracles.at(size),
        attacks: members,
        radii: radius ? [radius] : [],
        settings: { norm: "linf", accounting: "strict" },
        seed,
        labels: this.#samples.every(({ labels }) => labels === undefined) ? "self" : "truth",
        trace: this.#samples.length,
        onTracedPass: (watched) => live.watch(watched),
      },
      () => oracles.dispose(),
    );
    const chain = new Chain({
      ...{ members, seed, points: pointsInMemory(), images: this.#samples.length },
      records: () => records,
    });
    const samples = this.#samples;
    try {
      await evaluate({
        data: {
          ids: samples.map(({ id }) => id),
          async *samples(positions = samples.keys()) {
            for (const position of positions) {
              live.began(samples[position]!);
              yield samples[position]!;
            }
          },
        },
        journal: newJournal(records),
        workers: [worker],
        attacks: members.map(({ attack }) => attack.name),
        radii: radius ? [radius.text] : [],
        onwardOf: (slot) => chain.onwardOf(slot),
        onStart: ({ attack, eps }) => live.started(attack, eps),
        onOutcome: (outcome) => {
          chain.keep(outcome.record, outcome.point.pixels);
          run.onOutcome?.(outcome);
          live.attacked(outcome);
        },
        onRecord: ({ attack }) =>
          live.progress.recorded(passesOf(members.find((member) => member.attack.name === attack))),
      });
    } finally {
      await worker.dispose();
    }
  }
}

/** One oracle for images of a size; another size closes it. */
class Oracles {
  readonly #opener: ModelOpener;
  readonly #members: readonly AttackMember[];
  readonly #signal: AbortSignal | undefined;
  #open: Oracle | undefined;

  constructor(opener: ModelOpener, members: readonly AttackMember[], signal: AbortSignal | undefined) {
    this.#opener = opener;
    this.#members = members;
    this.#signal = signal;
  }

  async at(size: Pick<Sample, "height" | "width">): Promise<Oracle> {
    if (this.#open?.height === size.height && this.#open.width === size.width) return this.#open;
    await this.dispose();
    this.#open = (await this.#opener.at(size)).oracle({
      losses: [...new Set(this.#members.flatMap(({ attack }) => attack.losses))],
      ...(this.#signal && { signal: this.#signal }),
    });
    return this.#open;
  }

  async dispose(): Promise<void> {
    await this.#open?.dispose();
    this.#open = undefined;
  }
}

/** What is told of an attack while it goes on. */
class Live {
  readonly progress: Progress;
  readonly #radius: Radius | undefined;
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

  constructor(total: number, radius: Radius | undefined, tell: Tell) {
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
      this.#report(attackedPictures(this.#sample!, point, await classes(), this.#radius!));
    }
    if (now - this.#breathed > betweenBreaths) {
      await nextMessage();
      this.#breathed = performance.now();
    }
  }

  attacked({ record, point, sample, trace }: AttackedImage & { readonly sample: Sample }): void {
    if (!this.#radius || record.attack === cleanAttack) return;
    const pictures = attackedPictures(sample, point.pixels, point.classes, this.#radius);
    if (trace) this.#report(pictures);
    this.#tell({ kind: "attacked", record, pictures });
  }

  #report(pictures: Pictures): void {
    const seconds = (performance.now() - (this.#start ?? 0)) / 1000;
    const rate = seconds > 0 ? this.#done / seconds : 0;
    const sample = this.#sample;
    invariant(sample && this.#radius, "an attack is watched on no image");
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
    const list = <K extends keyof TracedPass>(name: K) => this.#passes.map((pass) => pass[name]);
    return {
      ...{ image: id, attack: this.#attack, eps },
      valid: labels ? labels.reduce((sum, label) => sum + (label < 0 ? 0 : 1), 0) : height * width,
      passes: {
        step: list("step"),
        radius: list("radius"),
        stepSize: list("stepSize"),
        objective: list("objective"),
        tracked: list("tracked"),
        correct: list("correct"),
      },
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

/** Records of a run that begins anew and is kept in memory. */
function newJournal(records: RunRecord[]): Journal {
  return {
    has: () => false,
    append: async (record) => void records.push(record),
    records: async () => records,
  };
}
