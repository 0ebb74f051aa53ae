/** A run with all that its reports show. */
import {
  type PictureKey,
  pictureName,
  type Result,
  type RunDescription,
  type RunRecord,
  type StoredTrace,
  sortRecords,
  unsealedNotice,
} from "../journal/index.js";
import { type ImageOutcome, imagesOf } from "./images.js";

/** The content of a report. */
export interface ReportedRun {
  readonly description: RunDescription;
  readonly result: Result;
  /** Sorted by image, radius and attack. */
  readonly records: readonly RunRecord[];
  readonly images: readonly ImageOutcome[];
  readonly traces: readonly StoredTrace[];
  /** The bytes of a stored picture (WebP); undefined if there is none. */
  picture(key: PictureKey): Uint8Array | undefined;
  /** Content that a report can show and this folder does not have, a sentence each. */
  readonly missing: readonly string[];
}

/** The parts of a run that reports are made of. */
export interface ReportParts {
  readonly description: RunDescription;
  readonly records: readonly RunRecord[];
  /** The stored result; absent while the run is not complete. */
  readonly stored?: Result | undefined;
  /** That of the records. */
  readonly computed: Result;
  readonly traces: readonly StoredTrace[];
  readonly pictures: readonly PictureKey[];
  readPicture(key: PictureKey): Uint8Array;
}

/** The content of a report on these parts. */
export function reportedRun(parts: ReportParts): ReportedRun {
  const { description, records, stored, computed, pictures, traces, readPicture } = parts;
  const named = new Set(pictures.map(pictureName));
  return {
    description,
    result: stored ?? computed,
    records: sortRecords(description, records),
    images: imagesOf(description, records),
    traces,
    picture: (key) => (named.has(pictureName(key)) ? readPicture(key) : undefined),
    missing: missingOfReport(parts),
  };
}

function missingOfReport({ description, records, stored, pictures, traces }: ReportParts): string[] {
  return [
    ...(description.identity === undefined ? [`Seals of the journal: ${unsealedNotice}.`] : []),
    ...(stored
      ? []
      : ["Soundness checks of the records: the run is not complete, so there is no result.json."]),
    ...(records.some(({ details }) => details)
      ? []
      : [
          "Object sizes, boundaries and confusions: an older version of Seawall, which did not count them, made the run.",
        ]),
    ...(pictures.length > 0
      ? []
      : ["Images: no pictures are stored. seawall eval stores them unless --no-report is given."]),
    ...(traces.length > 0
      ? []
      : ["Attack traces: none are stored. seawall eval --trace N stores them for the first N images."]),
  ];
}
