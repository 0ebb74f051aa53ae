/** The torch format since 1.6: a zip whose records, stored without compression, are a pickle and raw storages. */
import { unzipSync } from "fflate";
import { SeawallError } from "../../base/index.js";
import { Cursor } from "../guard/cursor.js";
import { quote, refuse } from "../guard/refuse.js";
import { torchHost } from "../pickle/globals.js";
import { unpickle } from "../pickle/pickle.js";
import { Storages } from "../pickle/storage.js";
import type { Value } from "../pickle/value.js";

/** Records that are read; others (alignment, serialization ids, TorchScript's code) are left alone. */
const wanted = /^([^/]+)\/(data\.pkl|byteorder|constants\.pkl|data\/[^/]+)$/;

/** The smallest entry of a zip's directory. */
const entryBytes = 46;

/**
 * Reads the object saved in a torch zip. Checksums are not compared, as torch does not either: it can save
 * without them.
 * @throws SeawallError `weights`; see `readTorch`.
 */
export function readTorchZip(bytes: Uint8Array): Value {
  const records = readRecords(bytes);
  if (records.has("constants.pkl")) {
    refuse("a TorchScript archive; save the weights instead: torch.save(model.state_dict(), …)");
  }
  checkByteOrder(records.get("byteorder"));
  const pickle = records.get("data.pkl");
  if (!pickle) refuse("a zip without data.pkl, so not written by torch.save");
  const storages = new Storages(bytes.length);
  const cursor = new Cursor(pickle);
  const value = unpickle(cursor, torchHost(storages));
  if (cursor.remaining > 0)
    refuse(`${cursor.remaining} bytes follow the end of the pickle; the file is damaged`);
  storages.fill((key, byteLength) => storageRecord(records, key, byteLength));
  return value;
}

function storageRecord(
  records: ReadonlyMap<string, Uint8Array>,
  key: string,
  byteLength: number,
): Uint8Array {
  const record = records.get(`data/${key}`);
  if (!record) refuse(`storage ${quote(key)} is missing from the zip; the file is damaged`);
  if (record.length !== byteLength) {
    refuse(
      `storage ${quote(key)} should have ${byteLength} bytes but has ${record.length}; the file is damaged`,
    );
  }
  return record;
}

function checkByteOrder(record: Uint8Array | undefined): void {
  const order = record ? new Cursor(record).latin1(record.length) : "little";
  if (order !== "little") {
    refuse(`byte order ${quote(order)}; only "little" is read: save the file on a little-endian machine`);
  }
}

/** The wanted records by name without the archive's folder, each copied once out of the file. */
function readRecords(bytes: Uint8Array): Map<string, Uint8Array> {
  const sizes = new Map<string, number>();
  const gate = entryGate(bytes.length, sizes);
  const unpacked = new Map(Object.entries(unzip(bytes, gate)));
  const records = new Map<string, Uint8Array>();
  for (const [path, size] of sizes) {
    const record = unpacked.get(path);
    if (record?.length !== size) refuse(`record ${quote(path)} ends beyond the file; the file is truncated`);
    records.set(path.slice(path.indexOf("/") + 1), record);
  }
  return records;
}

function unzip(bytes: Uint8Array, filter: (entry: Entry) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    return refuse(
      "its zip directory cannot be read; the file is truncated or damaged: fetch it again",
      error,
    );
  }
}

interface Entry {
  readonly name: string;
  readonly size: number;
  readonly originalSize: number;
  readonly compression: number;
}

/**
 * Decides on each entry before a byte of it is touched. As nothing is decompressed and all sizes together stay
 * within the file's, neither huge claims nor entries laid over each other can take more memory than the file.
 */
function entryGate(fileBytes: number, sizes: Map<string, number>): (entry: Entry) => boolean {
  let entries = 0;
  let total = 0;
  let archive: string | undefined;
  return ({ name, size, originalSize, compression }) => {
    entries += 1;
    if (entries * entryBytes > fileBytes)
      refuse("its zip directory claims more entries than fit into the file");
    const folder = wanted.exec(name)?.[1];
    if (folder === undefined) return false;
    archive ??= folder;
    if (folder !== archive) refuse(`records of two archives, ${quote(archive)} and ${quote(folder)}`);
    if (sizes.has(name)) refuse(`record ${quote(name)} appears twice`);
    if (compression !== 0 || size !== originalSize) {
      refuse(
        `record ${quote(name)} is compressed, which torch.save never does; save the file again with torch`,
      );
    }
    total += size;
    if (total > fileBytes) refuse(`its records claim ${total} bytes or more, but the file has ${fileBytes}`);
    sizes.set(name, size);
    return true;
  };
}
