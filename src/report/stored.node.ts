/** Reading and checking a run folder for its reports. Only sums of its records are computed. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson, inPlace, SeawallError } from "../base/index.js";
import {
  figuresIn,
  type PictureKey,
  type Result,
  type RunDescription,
  type RunRecord,
  runFiles,
  type StoredTrace,
  sortRecords,
  summarize,
  unsealedNotice,
} from "../journal/index.js";
import { listPictures, readPicture, readResult, readRun, readTraces } from "../journal/index.node.js";
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

/**
 * Reads a run folder, complete or not, for its reports.
 * @throws SeawallError `journal` naming the damaged file and line, or a result that differs from the journal
 */
export function readReportedRun(dir: string): ReportedRun {
  const { description, records } = readRun(dir);
  const computed = inPlace(join(dir, runFiles.journal), () =>
    summarize(description, records, { partial: true }),
  );
  const stored = existsSync(join(dir, runFiles.result)) ? readResult(dir) : undefined;
  if (stored) checkFigures(join(dir, runFiles.result), stored, computed);
  const pictures = listPictures(dir);
  const named = new Set(pictures.map(pictureName));
  const traces = readTraces(dir, description);
  return {
    description,
    result: stored ?? computed,
    records: sortRecords(description, records),
    images: imagesOf(description, records),
    traces,
    picture: (key) => (named.has(pictureName(key)) ? readPicture(dir, key) : undefined),
    missing: [
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
    ],
  };
}

function pictureName({ index, slot, kind }: PictureKey): string {
  return `${index} ${slot} ${kind}`;
}

/** @throws SeawallError `journal` if the stored result differs from the one computed from the journal */
function checkFigures(file: string, stored: Result, computed: Result): void {
  const figures = (result: Result) =>
    canonicalJson({ ...figuresIn(stored, result), images: result.data.images });
  if (figures(stored) === figures(computed)) return;
  throw new SeawallError(
    "journal",
    `${file}: its figures differ from those of the journal beside it; restore the file, or delete it to use the journal`,
  );
}
