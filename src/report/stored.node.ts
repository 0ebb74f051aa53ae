/** A run folder as its reports need it, read and checked; nothing is computed anew but sums of its records. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson, SeawallError } from "../base/index.js";
import {
  type Result,
  type RunDescription,
  type RunRecord,
  type StoredTrace,
  sortRecords,
  summarize,
} from "../journal/index.js";
import {
  listPictures,
  type PictureKey,
  readPicture,
  readResult,
  readRun,
  readTraces,
  runFiles,
} from "../journal/index.node.js";
import { type ImageOutcome, imagesOf } from "./images.js";

/** All that a report is made of. */
export interface ReportedRun {
  readonly description: RunDescription;
  readonly result: Result;
  /** In the order of images, radii and attacks. */
  readonly records: readonly RunRecord[];
  readonly images: readonly ImageOutcome[];
  readonly traces: readonly StoredTrace[];
  /** The bytes of a stored picture (WebP); undefined if there is none. */
  picture(key: PictureKey): Uint8Array | undefined;
  /** What the folder lacks that a report would show, a sentence each. */
  readonly missing: readonly string[];
}

/**
 * Reads a run folder for its reports, finished or not.
 * @throws SeawallError `journal` naming what is damaged: a file and line, or figures that are not those of the journal
 */
export function readReportedRun(dir: string): ReportedRun {
  const { description, records } = readRun(dir);
  const computed = summarize(description, records, { partial: true });
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
      ...(stored
        ? []
        : ["There is no result.json: the run is not finished, and checks of its records are not stored."]),
      ...(records.some(({ details }) => details)
        ? []
        : ["Its records say nothing of objects, boundaries and confusions: an older version wrote them."]),
      ...(pictures.length > 0
        ? []
        : ["It holds no pictures; seawall eval writes them unless told --no-report."]),
      ...(traces.length > 0
        ? []
        : ["It holds no traces; seawall eval --trace N keeps them of the first N images."]),
    ],
  };
}

function pictureName({ index, slot, kind }: PictureKey): string {
  return `${index} ${slot} ${kind}`;
}

/** A result that was changed, or is of another journal, must not be reported. */
function checkFigures(file: string, stored: Result, computed: Result): void {
  const figures = ({ clean, robust, data: { images } }: Result) => canonicalJson({ clean, robust, images });
  if (figures(stored) === figures(computed)) return;
  throw new SeawallError(
    "journal",
    `${file}: its figures are not those of the journal beside it; restore it, or delete it and the journal counts`,
  );
}
