/** A run of the page: that of `seawall eval`, made by the same modules and kept in memory instead of in a folder. */
import { builtInComponents } from "../src/components/index.js";
import {
  type AttackedImage,
  attacksOf,
  Chain,
  checkRecords,
  descriptionOf,
  type EvaluationConfig,
  evaluate,
  parseConfig,
  passesOf,
  perturbedFiles,
  pointsInMemory,
  radiiOf,
} from "../src/evaluate/index.js";
import {
  type Journal,
  memoryJournal,
  packRun,
  type RunDescription,
  RunningFigures,
  type RunRecord,
  runFiles,
  runTexts,
  type Soundness,
  slotsOf,
  summarize,
} from "../src/journal/index.js";
import { ReportKeeper, shownPictures, Thumbnails } from "../src/report/index.js";
import { engineVersion, mostThreads } from "../src/runtime/index.js";
import { KeptFiles } from "./kept.js";
import { Live } from "./live.js";
import type { AttackOrder, RunOutcome, Tell } from "./messages.js";
import { type Opened, seed, workerOn } from "./opened.js";
import { encodeThumbnail } from "./thumbnail.js";

/** The version of Seawall, which the build puts here. */
declare const seawallVersion: string;

/** An attack on all images of an opened model; it goes on after a stop with what is missing. */
export class PageRun {
  readonly #opened: Opened;
  readonly #config: EvaluationConfig;
  readonly #members: ReturnType<typeof attacksOf>["attacks"];
  readonly #description: RunDescription;
  readonly #journal: Journal;
  readonly #figures: RunningFigures;
  readonly #chain: Chain;
  readonly #files = new KeptFiles();
  readonly #keeper: ReportKeeper;

  /** @throws SeawallError for attacks, a radius or steps that there are not */
  constructor(opened: Opened, { attacks, eps, steps }: Omit<AttackOrder, "side">) {
    const { choice, data, device } = opened;
    this.#opened = opened;
    this.#config = parseConfig({
      ...{ ...choice, attacks, eps, steps, device },
      ...{ seed, parallel: 1, trace: data.length, saveImages: true },
    });
    const { attacks: members } = attacksOf(this.#config, builtInComponents);
    this.#members = members;
    this.#description = this.#describe([]);
    this.#journal = memoryJournal(this.#description);
    this.#figures = new RunningFigures(this.#description);
    this.#chain = new Chain({
      ...{ members, seed, images: data.total, points: pointsInMemory() },
      records: () => this.#figures.records(),
    });
    const draw = new Thumbnails(encodeThumbnail);
    this.#keeper = new ReportKeeper(this.#description, [], this.#files.storeOf(this.#description), draw);
  }

  /**
   * Attacks what is not attacked yet.
   * @param signal ends it with its reason; what was finished stays
   */
  async attack(tell: Tell, signal: AbortSignal): Promise<void> {
    const { data } = this.#opened;
    const [radius] = radiiOf(this.#config) as [ReturnType<typeof radiiOf>[number]];
    const live = new Live(this.#passesLeft(), radius, tell);
    const worker = workerOn(
      this.#opened,
      {
        ...{ attacks: this.#members, radii: [radius], trace: data.length },
        onTracedPass: (watched) => live.watch(watched),
      },
      signal,
    );
    try {
      await evaluate({
        data: {
          ids: data.ids,
          async *samples(positions) {
            for await (const sample of data.samples(positions)) {
              live.began(sample);
              yield sample;
            }
          },
        },
        journal: this.#journal,
        workers: [worker],
        attacks: this.#members.map(({ attack }) => attack.name),
        radii: [radius.text],
        onwardOf: (slot) => this.#chain.onwardOf(slot),
        onStart: ({ attack, eps }) => live.started(attack, eps),
        onOutcome: async (outcome) => {
          await this.#keep(outcome);
          live.attacked(outcome);
        },
        onRadius: (eps) => this.#chain.forget(eps),
        onRecord: (record) => {
          this.#figures.add(record);
          live.progress.recorded(this.#passesOf(record));
        },
      });
    } finally {
      await worker.dispose();
    }
  }

  /** What the run has come to: its result with all checks once it is complete, and the figures of the images that are. */
  async outcome(): Promise<RunOutcome> {
    const records = await this.#journal.records();
    const slots = slotsOf(this.#description);
    const isComplete = records.length === slots * this.#opened.data.length;
    const description = isComplete ? this.#describe(await this.#opened.checks()) : this.#description;
    const soundness = isComplete ? checkRecords(records, description) : [];
    const isShown = isComplete ? shownPictures(description, records) : () => true;
    const { traces, left } = this.#files;
    return {
      ...{ description, records, isComplete, traces, left },
      ...(hasWholeImage(records, slots) && {
        result: summarize(description, records, { soundness, partial: !isComplete }),
      }),
      pictures: this.#files.pictures().filter(({ key }) => isShown(key)),
    };
  }

  /** The run folder as a zip. @param report the page of `report.html`; absent while there is nothing to report */
  async pack(report: string | undefined): Promise<Uint8Array<ArrayBuffer>> {
    const { description, records, result, isComplete, pictures } = await this.outcome();
    return packRun({
      ...runTexts(description, records, isComplete ? result : undefined),
      ...(report !== undefined && { [runFiles.report]: report }),
      ...this.#files.contents(pictures),
    });
  }

  #describe(soundness: readonly Soundness[]): RunDescription {
    const { data, first, modelSha256, modelInput, device } = this.#opened;
    const plan = {
      ...{ config: this.#config, data, attacks: this.#members, radii: radiiOf(this.#config) },
      ...{ modelSha256, modelInput, classes: first.classes, classNames: data.classNames },
      ...{ classWeights: undefined, surrogate: undefined, publishedVersion: "2024" as const, plugins: [] },
    };
    const making = {
      versions: { seawall: seawallVersion, [engineVersion.name]: engineVersion.version },
      engine: { device, threads: mostThreads, parallel: 1 },
    };
    return descriptionOf(plan, making, soundness);
  }

  /** Keeps what is stored of an image beside its record. */
  async #keep(outcome: AttackedImage & { readonly sample: Opened["probe"] }): Promise<void> {
    const { record, point, sample, trace } = outcome;
    const { pixels, classes, labels } = point;
    this.#files.addPerturbed(() => perturbedFiles(this.#description, outcome), pixels.byteLength);
    await this.#keeper.add({ record, sample, point: pixels, classes, labels, ...(trace && { trace }) });
    this.#chain.keep(record, pixels);
  }

  #passesOf({ attack }: Pick<RunRecord, "attack">): number {
    return passesOf(this.#members.find((member) => member.attack.name === attack));
  }

  #passesLeft(): number {
    const perImage = this.#members.reduce((sum, member) => sum + passesOf(member), passesOf(undefined));
    const done = this.#figures.records().reduce((sum, record) => sum + this.#passesOf(record), 0);
    return perImage * this.#opened.data.length - done;
  }
}

function hasWholeImage(records: readonly RunRecord[], slots: number): boolean {
  const counts = new Map<number, number>();
  for (const { index } of records) counts.set(index, (counts.get(index) ?? 0) + 1);
  return [...counts.values()].includes(slots);
}
