/** The files of a run folder, by their names: what `seawall eval` writes to a disk, and a page puts into a zip. */
import { formatJson } from "../../base/index.js";
import type { RunDescription } from "../description.js";
import { fileSeal, linesOf } from "../lines/seal.js";
import type { RunRecord } from "../record.js";
import type { Result } from "../result.js";

/** Names of the files in a run folder. */
export const runFiles = {
  run: "run.json",
  journal: "journal.jsonl",
  result: "result.json",
  report: "report.html",
} as const;

/** Folders in a run folder. */
export const extraFolders = {
  pictures: "pictures",
  traces: "traces",
  perturbed: "perturbed",
  points: "points",
} as const;

/** What a picture shows: the image, its label, a prediction, or a magnified perturbation. */
const pictureKinds = ["image", "label", "prediction", "perturbation"] as const;
export type PictureKind = (typeof pictureKinds)[number];

/** A record, by its place in the run. */
export interface RecordPlace {
  /** Position of the image in the data. */
  readonly index: number;
  /** Position of the record among its image's, as `slotOf` counts. */
  readonly slot: number;
}

/** Which picture: image and label belong to slot 0, the clean prediction. */
export interface PictureKey extends RecordPlace {
  readonly kind: PictureKind;
}

/** The kinds of pictures that a record can have. */
export const picturesOf = (place: RecordPlace): PictureKey[] =>
  pictureKinds.map((kind) => ({ ...place, kind }));

export function pictureName({ index, slot, kind }: PictureKey): string {
  return `${index}-${slot}.${kind}.webp`;
}

const pictureForm = new RegExp(`^(\\d{1,9})-(\\d{1,7})\\.(${pictureKinds.join("|")})\\.webp$`);

/** The picture that a file of this name in `pictures/` holds; undefined for a name that is none. */
export function pictureNamed(name: string): PictureKey | undefined {
  const [, index, slot, kind] = pictureForm.exec(name) ?? [];
  return kind ? { index: Number(index), slot: Number(slot), kind: kind as PictureKind } : undefined;
}

/** The name of a file that belongs to one record: `3-1.npy`. */
export function recordFileName({ index, slot }: RecordPlace, ending: "npy" | "png" | "json" | "f32"): string {
  return `${index}-${slot}.${ending}`;
}

/** The content of a file with its seal, as it is written. */
export function sealedText(identity: string | undefined, content: object): string {
  return formatJson({ ...content, seal: fileSeal(identity, content) });
}

/** The texts of a run folder by their names, written at once. @param result absent while the run is not complete */
export function runTexts(
  description: RunDescription,
  records: readonly RunRecord[],
  result?: Result,
): Record<string, string> {
  const { identity } = description;
  return {
    [runFiles.run]: sealedText(identity, description),
    [runFiles.journal]: linesOf(identity, records).join(""),
    ...(result && { [runFiles.result]: sealedText(identity, result) }),
  };
}
