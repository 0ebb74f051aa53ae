/** The newest attack of a run that is not complete, with its pictures and its trace. */
import {
  cleanAttack,
  type PictureKey,
  type RunRecord,
  type StoredTrace,
  slotOf,
} from "../../journal/index.js";
import { readPicture, readTrace, type StoredRun } from "../../journal/index.node.js";
import { type AttackPictures, attackPictures } from "../html/parts.js";

export interface LatestAttack {
  readonly record: RunRecord;
  readonly pictures: AttackPictures;
  /** Undefined where the run traces no attack on this image. */
  readonly trace: StoredTrace | undefined;
}

/** Records that are looked at: a picture is there of the worst attack on an image alone. */
const recent = 200;

/** The newest attack with pictures; undefined where there is none. Damaged files count as missing. */
export function latestAttack(dir: string, { description, records }: StoredRun): LatestAttack | undefined {
  for (const record of records.slice(-recent).reverse()) {
    const slot = slotOf(description, record);
    if (record.attack === cleanAttack || slot === undefined) continue;
    const { index } = record;
    const pictures = attackPictures(slot, (slot, kind) => pictureIn(dir, { index, slot, kind }));
    if (!pictures.attackedPrediction) continue;
    return { record, pictures, trace: orNothing(() => readTrace(dir, description, { index, slot })) };
  }
  return undefined;
}

/** A picture that is shown where it can be read. */
export function pictureIn(dir: string, key: PictureKey): Uint8Array | undefined {
  return orNothing(() => readPicture(dir, key));
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
