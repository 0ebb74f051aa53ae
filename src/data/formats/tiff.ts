/** The directory of a TIFF file: what the decoder does not say of its bands, and files that the decoder would misread. */

/** Tags of the standard that are read here. */
const tags = {
  bitsPerSample: 258,
  photometric: 262,
  stripOffsets: 273,
  samplesPerPixel: 277,
  stripByteCounts: 279,
  planar: 284,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
} as const;

const photometrics = { greyFromWhite: 0, grey: 1, rgb: 2 } as const;
const formats = { unsigned: 1, signed: 2, float: 3 } as const;

/** Bytes of a value by the standard's type number; types of other lengths are not read here. */
const typeBytes: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 };

/** More values than this in one entry belong to no image that is read. */
const mostValues = 2 ** 20;

interface Entry {
  readonly tag: number;
  /** The entry as stored. */
  readonly stored: Uint8Array;
  /** Reads its whole numbers; undefined for other types, and for more than `mostValues`. */
  readonly values: () => readonly number[] | undefined;
}

/** The first page's directory, of a TIFF or a BigTIFF. */
export interface TiffDirectory {
  readonly little: boolean;
  readonly isBig: boolean;
  readonly entries: readonly Entry[];
}

/** @throws Error describing the problem, without the file's name */
export function readDirectory(bytes: Uint8Array): TiffDirectory {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const isBig = bytes.length >= 16 && view.getUint16(2, little) === 43;
  const need = (at: number, length: number) => {
    if (!(at + length <= bytes.length)) throw new Error("its directory lies outside of the file");
  };
  const whole = (at: number, length: number): number => {
    need(at, length);
    if (length === 8) return Number(view.getBigUint64(at, little));
    if (length === 4) return view.getUint32(at, little);
    return length === 2 ? view.getUint16(at, little) : view.getUint8(at);
  };
  const [countBytes, entryBytes, wordBytes] = isBig ? [8, 20, 8] : [2, 12, 4];
  const start = whole(isBig ? 8 : 4, wordBytes);
  const count = whole(start, countBytes);
  need(start + countBytes, count * entryBytes);
  const entryAt = (at: number): Entry => {
    const [size, length] = [typeBytes[whole(at + 2, 2)], whole(at + 4, wordBytes)];
    const stored = bytes.subarray(at, at + entryBytes);
    const tag = whole(at, 2);
    if (size === undefined || length > mostValues) return { tag, stored, values: () => undefined };
    const place = at + 4 + wordBytes;
    const from = size * length <= wordBytes ? place : whole(place, wordBytes);
    const values = () => Array.from({ length }, (_, i) => whole(from + i * size, size));
    return { tag, stored, values };
  };
  const entries = Array.from({ length: count }, (_, i) => entryAt(start + countBytes + i * entryBytes));
  return { little, isBig, entries };
}

function valuesOf({ entries }: TiffDirectory, tag: number): readonly number[] | undefined {
  return entries.find((entry) => entry.tag === tag)?.values();
}

/** Whether the first band beyond the colours is transparency. */
export function marksAlpha(directory: TiffDirectory): boolean {
  const [meaning] = valuesOf(directory, tags.extraSamples) ?? [];
  return meaning === 1 || meaning === 2;
}

/**
 * A file that the decoder reads right, in place of one that it would misread.
 *
 * Bands one after another ("planar") are read wrong unless every strip has one row: each band becomes a file of its own.
 * Signed integers of 16 bits are cut at 0: they are declared unsigned, and `signed` says so.
 * @returns undefined where the decoder reads the file itself right
 * @throws Error for floats of 64 bits, and for bands one after another in a colour space other than grey and RGB
 */
export function readableFiles(
  bytes: Uint8Array,
  directory: TiffDirectory,
): { files: Iterable<Uint8Array>; signed: boolean } | undefined {
  const bands = valuesOf(directory, tags.samplesPerPixel)?.[0] ?? 1;
  const bits = valuesOf(directory, tags.bitsPerSample)?.[0] ?? 1;
  const isPlanar = bands > 1 && valuesOf(directory, tags.planar)?.[0] === 2;
  const format = valuesOf(directory, tags.sampleFormat)?.[0];
  if (bits === 64 && format === formats.float)
    throw new Error(
      "it holds floats of 64 bits, which are not read from TIFF; store floats of 32 bits, or a .npy file",
    );
  const isSigned = bits === 16 && format === formats.signed;
  if (!isPlanar && !isSigned) return undefined;
  const declared = isSigned ? { [tags.sampleFormat]: [formats.unsigned] } : {};
  if (!isPlanar) {
    const all = { [tags.sampleFormat]: Array.from({ length: bands }, () => formats.unsigned) };
    return { files: [withEntries(bytes, directory, all)], signed: true };
  }
  const photometric = valuesOf(directory, tags.photometric)?.[0] ?? photometrics.grey;
  if (photometric > photometrics.rgb)
    throw new Error("it holds band after band in a colour space that is not RGB");
  return { files: bandFiles(bytes, directory, bands, declared), signed: isSigned };
}

/** A grey file for each band: the same bytes with another directory. One at a time, since each is a copy. */
function* bandFiles(
  bytes: Uint8Array,
  directory: TiffDirectory,
  bands: number,
  declared: Changes,
): Generator<Uint8Array> {
  const { photometric, bitsPerSample, sampleFormat } = tags;
  const listed = [tags.stripOffsets, tags.stripByteCounts, tags.tileOffsets, tags.tileByteCounts];
  const lists = listed.flatMap((tag) => {
    const values = valuesOf(directory, tag);
    return values ? [{ tag, values, each: values.length / bands }] : [];
  });
  if (!lists.every(({ each }) => Number.isInteger(each)))
    throw new Error("its bands have different numbers of strips");
  const isInverse = valuesOf(directory, photometric)?.[0] === photometrics.greyFromWhite;
  const same: Record<number, readonly number[] | undefined> = {
    [photometric]: [isInverse ? photometrics.greyFromWhite : photometrics.grey],
    [tags.samplesPerPixel]: [1],
    [tags.planar]: [1],
    [tags.extraSamples]: undefined,
  };
  for (const tag of [bitsPerSample, sampleFormat]) {
    const [first] = valuesOf(directory, tag) ?? [];
    if (first !== undefined) same[tag] = [first];
  }
  for (let band = 0; band < bands; band++) {
    const parts = lists.map(
      ({ tag, values, each }) => [tag, values.slice(band * each, (band + 1) * each)] as const,
    );
    yield withEntries(bytes, directory, { ...same, ...declared, ...Object.fromEntries(parts) });
  }
}

/** New values by tag; undefined takes the entry out. */
type Changes = Readonly<Record<number, readonly number[] | undefined>>;

/** The file with another directory behind its bytes, the only one. Changed entries hold whole words. */
function withEntries(
  bytes: Uint8Array,
  { little, isBig, entries }: TiffDirectory,
  changes: Changes,
): Uint8Array {
  const [countBytes, entryBytes, word] = isBig ? [8, 20, 8] : [2, 12, 4];
  const kept = entries.filter(({ tag }) => !(tag in changes) || changes[tag] !== undefined);
  const start = bytes.length + (bytes.length % 2);
  const directoryBytes = countBytes + kept.length * entryBytes + word;
  const beyond = kept.map(({ tag }) =>
    changes[tag] && changes[tag].length > 1 ? changes[tag].length * word : 0,
  );
  const file = new Uint8Array(start + directoryBytes + beyond.reduce((sum, length) => sum + length, 0));
  file.set(bytes);
  const view = new DataView(file.buffer);
  const write = (at: number, value: number) =>
    isBig ? view.setBigUint64(at, BigInt(value), little) : view.setUint32(at, value, little);
  write(isBig ? 8 : 4, start);
  if (isBig) write(start, kept.length);
  else view.setUint16(start, kept.length, little);
  let free = start + directoryBytes;
  for (const [i, { tag, stored }] of kept.entries()) {
    const at = start + countBytes + i * entryBytes;
    file.set(stored, at);
    const values = changes[tag];
    if (values === undefined) continue;
    view.setUint16(at + 2, isBig ? 16 : 4, little);
    write(at + 4, values.length);
    const place = values.length > 1 ? free : at + 4 + word;
    if (values.length > 1) write(at + 4 + word, free);
    for (const [k, value] of values.entries()) write(place + k * word, value);
    free += beyond[i]!;
  }
  return file;
}
