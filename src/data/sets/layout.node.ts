/** What a data set's file says about it: where files lie and what the stored labels mean. */
import { extname, join } from "node:path";
import { SeawallError } from "../../base/index.js";
import { namesIn } from "../formats/files.node.js";
import type { Stamp } from "../formats/stamp.node.js";
import type { LabelScheme } from "../pixels/labels.js";
import type { LabelVariant } from "./options.js";

/** One image and the label file that belongs to it. */
export interface Entry {
  readonly id: string;
  readonly image: string;
  readonly labels: string | undefined;
}

/** An entry whose files were found, and how they were then; no stamp where no labels are wanted. */
export interface StampedEntry extends Entry {
  readonly stamps: { readonly image: Stamp; readonly labels: Stamp | undefined };
}

/** A data set's layout. The texts are for the documentation, which prints the table of layouts. */
export interface Layout {
  /** How it is written after `--data`. */
  readonly form: string;
  readonly title: string;
  readonly images: string;
  readonly labels: string;
  readonly defaultSplit: string | undefined;
  /** The split that models are trained on, whose labels class weights are counted from. */
  readonly trainingSplit: string | undefined;
  readonly scheme: LabelScheme;
  readonly variants: Readonly<Partial<Record<LabelVariant, LabelScheme>>>;
  /**
   * The images in order. Whether the files exist is checked by the caller.
   * @param place what follows the colon in `--data`
   * @throws SeawallError `usage` or `data` when the place or the split is wrong.
   */
  list(place: string, split: string | undefined, withLabels: boolean): Promise<Entry[]>;
}

const imageTypes = [".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"];
/** Skipping these in silence would measure on fewer images than the user sees in the folder. */
const otherImageTypes = [".avif", ".bmp", ".gif", ".heic", ".jp2", ".pgm", ".ppm"];

/**
 * The images of a folder sorted by name, each with the label PNG of the same name in another folder.
 * @throws SeawallError `data` for a missing folder, images of no or of another type, two images of one name.
 */
export async function pairFolders(images: string, labels: string | undefined): Promise<Entry[]> {
  const files = (await namesIn(images)).filter((name) => !name.startsWith("."));
  const other = files.find((name) => otherImageTypes.includes(typeOf(name)));
  if (other) {
    throw new SeawallError(
      "data",
      `${join(images, other)}: expected ${imageTypes.join(", ")}; convert it to png`,
    );
  }
  const entries = files
    .filter((name) => imageTypes.includes(typeOf(name)))
    .map((name) => entryOf(stemOf(name), join(images, name), labels))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  refuseTwins(entries);
  return entries;
}

/** An image with its label file, which is named after it. */
export function entryOf(id: string, image: string, labelFolder: string | undefined, type = ".png"): Entry {
  return { id, image, labels: labelFolder === undefined ? undefined : join(labelFolder, `${id}${type}`) };
}

function refuseTwins(entries: readonly Entry[]): void {
  entries.forEach((entry, i) => {
    const next = entries[i + 1];
    if (entry.id === next?.id) {
      throw new SeawallError(
        "data",
        `${entry.image} and ${next.image} have the same name, so labels cannot be matched; rename or remove one`,
      );
    }
  });
}

function typeOf(name: string): string {
  return extname(name).toLowerCase();
}

function stemOf(name: string): string {
  return name.slice(0, name.length - extname(name).length);
}
