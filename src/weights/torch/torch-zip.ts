/** The format of torch.save since version 1.6: an uncompressed zip with a pickle and the storages' bytes as records. */
import { unzipSync } from "fflate";
import { SeawallError } from "../../base/index.js";
import { Cursor } from "../guard/cursor.js";
import { quoteUntrusted, refuseFile } from "../guard/refuse.js";
import { torchHost } from "../pickle/globals.js";
import { unpickle } from "../pickle/pickle.js";
import { Storages } from "../pickle/storage.js";
import type { PickleValue } from "../pickle/value.js";

/** The records that are read. Others (alignment, serialization ids, TorchScript's code) are skipped. */
const wanted = /^([^/]+)\/(data\.pkl|byteorder|constants\.pkl|data\/[^/]+)$/;

/** Bytes of the smallest entry of a zip's directory. */
const entryBytes = 46;

/**
 * Reads the object saved in a torch zip. Like torch, it does not compare checksums, because torch can save without
 * them.
 * @throws SeawallError `weights`; see `readTorch`
 */
export function readTorchZip(bytes: Uint8Array): PickleValue {
  const records = readRecords(bytes);
  if (records.has("constants.pkl")) {
    refuseFile(
      "a TorchScript archive, which holds code; save the weights alone: torch.save(model.state_dict(), …)",
    );
  }
  checkByteOrder(records.get("byteorder"));
  const pickle = records.get("data.pkl");
  if (!pickle) refuseFile("a zip without data.pkl, so not written by torch.save");
  const storages = new Storages(bytes.length);
  const cursor = new Cursor(pickle);
  const value = unpickle(cursor, torchHost(storages));
  if (cursor.remaining > 0)
    refuseFile(`${cursor.remaining} bytes follow the end of the pickle; the file is damaged`);
  storages.fill((key, byteLength) => storageRecord(records, key, byteLength));
  return value;
}

function storageRecord(
  records: ReadonlyMap<string, Uint8Array>,
  key: string,
  byteLength: number,
): Uint8Array {
  const record = records.get(`data/${key}`);
  if (!record) refuseFile(`storage ${quoteUntrusted(key)} is missing from the zip; the file is damaged`);
  if (record.length !== byteLength) {
    refuseFile(
      `storage ${quoteUntrusted(key)} should have ${byteLength} bytes but has ${record.length}; the file is damaged`,
    );
  }
  return record;
}

function checkByteOrder(record: Uint8Array | undefined): void {
  const order = record ? new Cursor(record).latin1(record.length) : "little";
  if (order !== "little") {
    refuseFile(
      `byte order ${quoteUntrusted(order)}; only "little" is supported: save the file on a little-endian machine`,
    );
  }
}

/** The wanted records, by name without the archive's folder. Each is copied from the file once. */
function readRecords(bytes: Uint8Array): Map<string, Uint8Array> {
  const sizes = new Map<string, number>();
  const gate = entryGate(bytes.length, sizes);
  const unpacked = new Map(Object.entries(unzip(bytes, gate)));
  const records = new Map<string, Uint8Array>();
  for (const [path, size] of sizes) {
    const record = unpacked.get(path);
    if (record?.length !== size)
      refuseFile(`record ${quoteUntrusted(path)} ends beyond the file; the file is truncated`);
    records.set(path.slice(path.indexOf("/") + 1), record);
  }
  return records;
}

function unzip(bytes: Uint8Array, filter: (entry: Entry) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    return refuseFile(
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
 * A filter that checks each entry before it is unpacked. Nothing is decompressed, and the sum of all sizes is at most
 * the file's size: so neither false sizes nor overlapping entries can take more memory than the file.
 */
function entryGate(fileBytes: number, sizes: Map<string, number>): (entry: Entry) => boolean {
  let entries = 0;
  let total = 0;
  let archive: string | undefined;
  return ({ name, size, originalSize, compression }) => {
    entries += 1;
    if (entries * entryBytes > fileBytes)
      refuseFile("its zip directory claims more entries than fit into the file");
    const folder = wanted.exec(name)?.[1];
    if (folder === undefined) return false;
    archive ??= folder;
    if (folder !== archive)
      refuseFile(`records of two archives, ${quoteUntrusted(archive)} and ${quoteUntrusted(folder)}`);
    if (sizes.has(name)) refuseFile(`record ${quoteUntrusted(name)} appears twice`);
    if (compression !== 0 || size !== originalSize) {
      refuseFile(
        `record ${quoteUntrusted(name)} is compressed, which torch.save never does; save the file again with torch`,
      );
    }
    total += size;
    if (total > fileBytes)
      refuseFile(`its records claim ${total} bytes or more, but the file has ${fileBytes}`);
    sizes.set(name, size);
    return true;
  };
}
