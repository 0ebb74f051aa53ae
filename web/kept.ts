/** What a run of the page keeps beside its figures: files of its folder, in memory. */
import {
  extraFolders,
  type PictureKey,
  pictureName,
  type RunDescription,
  recordFileName,
  type StoredTrace,
  slotOf,
} from "../src/journal/index.js";
import type { ReportStore } from "../src/report/index.js";

/** Bytes of perturbed images that are kept; the engine needs memory, too. */
const mostPerturbed = 2 ** 30;

/** The R of RIFF, with which a WebP begins. */
const webpStart = 0x52;

/** A picture of a run folder. */
export interface KeptPicture {
  readonly key: PictureKey;
  readonly webp: Uint8Array;
}

export class KeptFiles {
  readonly #pictures = new Map<string, KeptPicture>();
  readonly #traces = new Map<string, StoredTrace>();
  readonly #perturbed = new Map<string, Uint8Array>();
  #bytes = 0;
  #left = 0;

  /** Perturbed images that there was no room for. */
  get left(): number {
    return this.#left;
  }

  get traces(): StoredTrace[] {
    return [...this.#traces.values()];
  }

  pictures(): KeptPicture[] {
    return [...this.#pictures.values()];
  }

  /** Where a report keeper puts its pictures and traces. */
  storeOf(run: RunDescription): ReportStore {
    return {
      writePicture: (key, webp) => {
        // A browser that cannot write WebP gives a PNG, which no report takes.
        if (webp[0] === webpStart) this.#pictures.set(pictureName(key), { key, webp });
      },
      removePictures: ({ index, slot }) => {
        for (const [name, { key }] of this.#pictures)
          if (key.index === index && key.slot === slot) this.#pictures.delete(name);
      },
      writeTrace: (trace) => {
        const place = { index: trace.index, slot: slotOf(run, trace)! };
        this.#traces.set(recordFileName(place, "json"), trace);
      },
    };
  }

  /** Adds the files of a perturbed image of so many bytes, while there is room. */
  addPerturbed(make: () => Readonly<Record<string, Uint8Array>>, bytes: number): void {
    if (this.#bytes + bytes > mostPerturbed) {
      this.#left++;
      return;
    }
    this.#bytes += bytes;
    for (const [name, content] of Object.entries(make())) this.#perturbed.set(name, content);
  }

  /** All files by their paths, of the pictures only these. */
  contents(pictures: readonly KeptPicture[]): Record<string, Uint8Array | string> {
    const { pictures: pictureFolder, traces, perturbed } = extraFolders;
    const entries = [
      ...pictures.map(({ key, webp }) => [`${pictureFolder}/${pictureName(key)}`, webp] as const),
      ...[...this.#traces].map(
        ([name, trace]) => [`${traces}/${name}`, `${JSON.stringify(trace)}\n`] as const,
      ),
      ...[...this.#perturbed].map(([name, bytes]) => [`${perturbed}/${name}`, bytes] as const),
    ];
    return Object.fromEntries(entries);
  }
}
