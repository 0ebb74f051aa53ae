/** Pictures and traces for the report in a run folder. */
import {
  prunePictures,
  readRun,
  removePictures,
  writePicture,
  writeTrace,
} from "../../journal/index.node.js";
import { ReportKeeper, shownPictures } from "./keeper.js";
import { thumbnails } from "./thumbnail.node.js";

/** The keeper of a run folder that was created or resumed. */
export function openKeeper(dir: string): ReportKeeper {
  const { description, records } = readRun(dir);
  const store = {
    writePicture: writePicture.bind(undefined, dir),
    removePictures: removePictures.bind(undefined, dir),
    writeTrace: writeTrace.bind(undefined, dir, description),
  };
  return new ReportKeeper(description, records, store, thumbnails);
}

/** Deletes the pictures that the report does not show. */
export function pruneToGallery(dir: string): void {
  const { description, records } = readRun(dir);
  prunePictures(dir, shownPictures(description, records));
}
