/** Keeps the pictures and traces for the report while a run goes on. */
import { parseRadius } from "../../base/index.js";
import {
  cleanAttack,
  type PictureKey,
  passLists,
  type RecordPlace,
  type RunDescription,
  type RunRecord,
  type StoredPass,
  type StoredTrace,
  slotOf,
} from "../../journal/index.js";
import { base64 } from "../base64.js";
import { galleryAt, galleryGroups, imagesOf } from "../images.js";
import type { Thumbnails } from "./thumbnail.js";

/** The outcome of one attack on one image. Maps of classes are row by row, with −1 for ignored pixels. */
export interface KeptOutcome {
  readonly record: RunRecord;
  readonly sample: {
    readonly height: number;
    readonly width: number;
    readonly image: { readonly data: Float32Array };
  };
  /** The perturbed image: C·H·W floats in [0, 1]. */
  readonly point: Float32Array;
  readonly classes: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly trace?: {
    readonly passes: readonly StoredPass[];
    readonly maps: readonly { readonly pass: number; readonly classes: ArrayLike<number> }[];
  };
}

/** Where pictures and traces are kept. */
export interface ReportStore {
  writePicture(key: PictureKey, webp: Uint8Array): void;
  /** Removes the pictures of a record. */
  removePictures(place: RecordPlace): void;
  writeTrace(trace: StoredTrace): void;
}

/**
 * Stores for each image the image, its label and its clean prediction, and at each radius the prediction and the
 * perturbation of the worst attack so far. Which images the report shows is known only at the end of the run;
 * `pruneToGallery` then deletes the pictures of the others.
 */
export class ReportKeeper {
  readonly #store: ReportStore;
  readonly #draw: Thumbnails;
  readonly #run: RunDescription;
  /** The worst attack so far, by image and radius. */
  readonly #worst = new Map<string, RunRecord>();

  /** @param records those that the run has already */
  constructor(run: RunDescription, records: readonly RunRecord[], store: ReportStore, draw: Thumbnails) {
    this.#run = run;
    this.#store = store;
    this.#draw = draw;
    for (const record of records) if (this.#isWorst(record)) this.#worst.set(placeOf(record), record);
  }

  /** Draws the pictures of an outcome. To be called before its record is written to the journal. */
  async add(outcome: KeptOutcome): Promise<void> {
    const { record } = outcome;
    if (record.attack === cleanAttack) await this.#addClean(outcome);
    else if (this.#isWorst(record)) await this.#addWorst(outcome);
    if (outcome.trace) await this.#addTrace(outcome, outcome.trace);
  }

  /** Among equal attacks the first is the worst. After a resume, records of the same attack can come again. */
  #isWorst(record: RunRecord): boolean {
    const known = this.#worst.get(placeOf(record));
    if (!known || record.correct !== known.correct) return !known || record.correct < known.correct;
    return slotOf(this.#run, record)! < slotOf(this.#run, known)!;
  }

  async #addClean({ record: { index }, sample, classes, labels }: KeptOutcome): Promise<void> {
    const write = (kind: "image" | "label" | "prediction", webp: Uint8Array) =>
      this.#store.writePicture({ index, slot: 0, kind }, webp);
    write("image", await this.#draw.image(sample.image.data, sample));
    write("prediction", await this.#draw.map(classes, sample));
    if (this.#run.data.settings.labels === "truth") write("label", await this.#draw.map(labels, sample));
  }

  async #addWorst({ record, sample, point, classes }: KeptOutcome): Promise<void> {
    const { index, eps } = record;
    const slot = slotOf(this.#run, record)!;
    const image = sample.image.data;
    const prediction = await this.#draw.map(classes, sample);
    this.#store.writePicture({ index, slot, kind: "prediction" }, prediction);
    const delta = await this.#draw.perturbation(image, point, parseRadius(eps).value, sample);
    this.#store.writePicture({ index, slot, kind: "perturbation" }, delta);
    const before = this.#worst.get(placeOf(record));
    if (before && before.attack !== record.attack)
      this.#store.removePictures({ index, slot: slotOf(this.#run, before)! });
    this.#worst.set(placeOf(record), record);
  }

  async #addTrace(
    { record, sample, classes }: KeptOutcome,
    { passes, maps }: NonNullable<KeptOutcome["trace"]>,
  ): Promise<void> {
    const { image, index, eps, attack, step: kept, valid } = record;
    const picture = async (map: ArrayLike<number>) => base64(await this.#draw.map(map, sample));
    const pictures = [];
    for (const map of maps) pictures.push({ pass: map.pass, picture: await picture(map.classes) });
    this.#store.writeTrace({
      ...{ schemaVersion: 1, image, index, eps, attack, kept, valid },
      passes: passLists(passes),
      maps: pictures,
      keptMap: await picture(classes),
    });
  }
}

function placeOf({ index, eps }: RunRecord): string {
  return `${index} ${eps}`;
}

/** Whether the report of a run shows a picture. A shard keeps all, because the merged run may show them. */
export function shownPictures(
  run: RunDescription,
  records: readonly RunRecord[],
): (place: RecordPlace) => boolean {
  if (run.shard) return () => true;
  const images = imagesOf(run, records);
  const shown = new Map<number, Set<number>>();
  for (const eps of run.protocol.eps) {
    const gallery = galleryAt(run, images, eps);
    for (const record of galleryGroups.flatMap((group) => gallery[group])) {
      const slots = shown.get(record.index) ?? new Set([0]);
      shown.set(record.index, slots.add(slotOf(run, record)!));
    }
  }
  return ({ index, slot }) => shown.get(index)?.has(slot) ?? false;
}
