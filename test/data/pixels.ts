/** Small images and data sets made on the spot. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encode } from "fast-png";
import { afterAll } from "vitest";
import type { ImageRaster, LabelRaster } from "../../src/data/index.js";

/** Bytes of the generator that tools/pillow_resize.py uses. */
export function noise(count: number): Uint8Array {
  let state = count;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

export function imageOf(height: number, width: number, data = noise(height * width * 3)): ImageRaster {
  return { height, width, channels: 3, data };
}

export function labelsOf(height: number, width: number, data: ArrayLike<number>): LabelRaster {
  return { height, width, channels: 1, data: Int32Array.from(data) };
}

/** A grey PNG of 8 bits, as most label files are. */
export function greyPng(height: number, width: number, data: ArrayLike<number>): Uint8Array {
  return encode({ height, width, channels: 1, depth: 8, data: Uint8Array.from(data) });
}

export function rgbPng(height: number, width: number, data = noise(height * width * 3)): Uint8Array {
  return encode({ height, width, channels: 3, depth: 8, data });
}

export interface TiffSpec {
  readonly height: number;
  readonly width: number;
  readonly bands: number;
  /** Row by row, the bands of a pixel side by side; with `planar`, band by band. */
  readonly data: Uint8Array | Uint16Array | Int16Array | Float32Array | Float64Array;
  /** Colours in the first three bands, instead of grey in the first. */
  readonly rgb?: boolean;
  /** Meaning of the further bands: 0 anything, 2 transparency. */
  readonly extra?: 0 | 2;
  readonly planar?: boolean;
}

/** An uncompressed TIFF of any number of bands, as satellites and microscopes give them. */
export function tiff({
  height,
  width,
  bands,
  data,
  rgb = false,
  extra = 0,
  planar = false,
}: TiffSpec): Uint8Array {
  const format =
    data instanceof Int16Array ? 2 : data instanceof Float32Array || data instanceof Float64Array ? 3 : 1;
  const bits = 8 * data.BYTES_PER_ELEMENT;
  const further = bands - (rgb ? 3 : 1);
  const strips = planar ? bands : 1;
  const pixels = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const start = 8;
  const strip = pixels.length / strips;
  const list = (value: number, count: number) => Array.from({ length: count }, () => value);
  const tags: [tag: number, type: 3 | 4, values: number[]][] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, list(bits, bands)],
    [259, 3, [1]],
    [262, 3, [rgb ? 2 : 1]],
    [273, 4, Array.from({ length: strips }, (_, i) => start + i * strip)],
    [277, 3, [bands]],
    [278, 4, [height]],
    [279, 4, list(strip, strips)],
    [284, 3, [planar ? 2 : 1]],
    ...(further > 0 ? [[338, 3, list(extra, further)] as [number, 3, number[]]] : []),
    [339, 3, list(format, bands)],
  ];
  const directory = start + pixels.length + (pixels.length % 2);
  const entries = Buffer.alloc(2 + 12 * tags.length + 4);
  const beyond: Buffer[] = [];
  let end = directory + entries.length;
  entries.writeUInt16LE(tags.length, 0);
  for (const [i, [tag, type, values]] of tags.entries()) {
    const at = 2 + 12 * i;
    const size = type === 3 ? 2 : 4;
    const packed = Buffer.alloc(Math.max(4, size * values.length));
    for (const [k, value] of values.entries()) packed.writeUIntLE(value, k * size, size);
    entries.writeUInt16LE(tag, at);
    entries.writeUInt16LE(type, at + 2);
    entries.writeUInt32LE(values.length, at + 4);
    if (packed.length === 4) packed.copy(entries, at + 8);
    else {
      entries.writeUInt32LE(end, at + 8);
      beyond.push(packed);
      end += packed.length;
    }
  }
  const header = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(directory, 4);
  return Buffer.concat([header, pixels, Buffer.alloc(pixels.length % 2), entries, ...beyond]);
}

export interface NpySpec {
  readonly descr?: string;
  readonly fortran?: boolean;
  readonly shape?: string;
  readonly version?: 1 | 2;
  readonly header?: string;
}

/** The bytes that `numpy.save` writes: magic, version, padded header, data. */
export function npy(data: ArrayBufferView, options: NpySpec = {}): Uint8Array {
  const { descr = "|u1", fortran = false, shape = "2, 3", version = 1 } = options;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const order = fortran ? "True" : "False";
  const text = options.header ?? `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape}), }`;
  const fixed = version === 1 ? 10 : 12;
  const header = `${text.padEnd(Math.ceil((fixed + text.length + 1) / 64) * 64 - fixed - 1)}\n`;
  const start = Buffer.alloc(fixed);
  start.write("\x93NUMPY", "latin1");
  start[6] = version;
  if (version === 1) start.writeUInt16LE(header.length, 8);
  else start.writeUInt32LE(header.length, 8);
  return Buffer.concat([start, Buffer.from(header, "latin1"), bytes]);
}

const roots: string[] = [];
afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true, force: true }))));

/** A folder with these files (path → content), removed when the test file is done. */
export async function folderWith(files: Record<string, Uint8Array | string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "seawall-data-"));
  roots.push(root);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}
