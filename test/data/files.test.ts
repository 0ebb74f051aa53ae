/** Decoding: index PNGs of every kind, images of every kind, and files that are broken or hostile. */
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { encode } from "fast-png";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { readClasses, readImage, readLabelFile } from "../../src/data/index.node.js";
import { folderWith, greyPng, noise, npy, rgbPng, tiff } from "./pixels.js";

async function file(name: string, content: Uint8Array | string): Promise<string> {
  return join(await folderWith({ [name]: content }), name);
}

interface PngSpec {
  width: number;
  height: number;
  depth: number;
  colour: number;
  interlace?: number;
  raw: Uint8Array;
  before?: [string, Uint8Array][];
}

/** A PNG put together by hand, for what the encoder does not write. */
function png({ width, height, depth, colour, interlace = 0, raw, before = [] }: PngSpec): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlace], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    ...before.map(([type, data]) => chunk(type, data)),
    chunk("IDAT", deflateSync(raw)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc(body), body.length + 4);
  return whole;
}

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}

describe("label PNGs", () => {
  it("of 8-bit grey keep their values", async () => {
    const stored = await readLabelFile(await file("a.png", greyPng(2, 3, [0, 1, 2, 253, 254, 255])));
    expect(stored).toEqual({ height: 2, width: 3, values: Uint8Array.of(0, 1, 2, 253, 254, 255) });
  });

  it("of 16-bit grey keep their values", async () => {
    const data = Uint16Array.of(0, 300, 65535);
    const stored = await readLabelFile(
      await file("a.png", encode({ height: 1, width: 3, channels: 1, depth: 16, data })),
    );
    expect(stored.values).toEqual(data);
  });

  it.each([1, 2, 4])("of %d bits are unpacked row by row", async (depth) => {
    // Two rows of three values, so that the second row begins in a byte of its own.
    const values = [1, 0, 1, 0, 1, 1];
    const row = (three: number[]) => {
      let bits = 0;
      for (let i = 0; i < 8 / depth; i++) bits = (bits << depth) | (three[i] ?? 0);
      const last = depth === 4 ? [three[2]! << 4] : [];
      return [0, bits, ...last];
    };
    const raw = Uint8Array.from([...row(values.slice(0, 3)), ...row(values.slice(3))]);
    const stored = await readLabelFile(
      await file("a.png", png({ width: 3, height: 2, depth, colour: 0, raw })),
    );
    expect([...stored.values]).toEqual(values);
  });

  it("with a palette give indices, never colours, even where two colours are the same", async () => {
    const palette: [string, Uint8Array] = ["PLTE", Uint8Array.from([9, 9, 9, 9, 9, 9, 128, 0, 0])];
    const raw = Uint8Array.of(0, 2, 1, 0);
    const bytes = png({ width: 3, height: 1, depth: 8, colour: 3, raw, before: [palette] });
    expect([...(await readLabelFile(await file("a.png", bytes))).values]).toEqual([2, 1, 0]);
  });

  it("of colours give red · 65536 + green · 256 + blue, and numbers where all are grey", async () => {
    const colours = rgbPng(1, 2, Uint8Array.of(128, 64, 128, 0, 0, 142));
    expect(await readLabelFile(await file("a.png", colours))).toEqual({
      ...{ height: 1, width: 2, coloured: true },
      values: Uint32Array.of(0x804080, 0x00008e),
    });
    const grey = encode({
      height: 1,
      width: 2,
      channels: 4,
      data: Uint8Array.of(3, 3, 3, 255, 7, 7, 7, 255),
    });
    expect((await readLabelFile(await file("a.png", grey))).values).toEqual(Uint8Array.of(3, 7));
  });

  it("with transparency beside grey values keep the values", async () => {
    const bytes = encode({ height: 1, width: 2, channels: 2, data: Uint8Array.of(1, 255, 4, 255) });
    expect((await readLabelFile(await file("a.png", bytes))).values).toEqual(Uint8Array.of(1, 4));
  });

  it("may be interlaced", async () => {
    const data = noise(9 * 10);
    const bytes = encode({ height: 9, width: 10, channels: 1, depth: 8, data }, { interlace: "Adam7" });
    expect((await readLabelFile(await file("a.png", bytes))).values).toEqual(data);
  });

  const raw = Uint8Array.of(0, 1, 2, 3);
  const plain = { width: 3, height: 1, depth: 8, colour: 0, raw };
  const grey = Buffer.from(greyPng(20, 20, noise(400)));
  const flipped = Buffer.from(grey);
  flipped[60]! ^= 255;

  it.each([
    [
      "values in the transparency",
      encode({ height: 1, width: 2, channels: 2, data: Uint8Array.of(0, 255, 0, 1) }),
      "its values are in the transparency",
    ],
    [
      "colours of 16 bits",
      encode({ height: 1, width: 1, channels: 3, depth: 16, data: Uint16Array.of(1, 2, 3) }),
      "its colours have 16 bits",
    ],
    ["lossy compression", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), "JPEG changes values"],
    ["another format", "no png at all", "not a PNG file"],
    ["an empty file", "", "not a PNG file"],
    ["a file cut in its data", grey.subarray(0, 200), "truncated"],
    ["a file cut in its last chunk", grey.subarray(0, -3), "truncated"],
    ["rows that are missing", png({ ...plain, height: 2 }), "truncated"],
    ["a flipped byte", flipped, "labels are expected as a PNG, TIFF, BMP or .npy"],
    ["no pixel", png({ ...plain, width: 0 }), "it has 0×1 pixels (width×height)"],
    ["a huge size", png({ ...plain, width: 2 ** 20, height: 2 ** 20 }), "it has 1048576×1048576 pixels"],
    ["few bits interlaced", png({ ...plain, depth: 1, interlace: 1 }), "interlaced at 1 bits"],
  ])("are refused with %s", async (_, content, message) => {
    const path = await file("labels.png", content);
    await expect(readLabelFile(path)).rejects.toMatchObject({
      name: "SeawallError",
      code: "data",
      message: expect.stringContaining(message),
    });
    await expect(readLabelFile(path)).rejects.toThrow(path);
  });

  it("cannot fill memory: pixels that unpack to more than the header says", async () => {
    const bomb = png({ ...plain, raw: new Uint8Array(2 ** 26) });
    const before = process.memoryUsage().arrayBuffers;
    await expect(readLabelFile(await file("a.png", bomb))).rejects.toThrow("unpacks to more pixels");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  it("cannot fill memory: a second header, packed profiles and texts are not read", async () => {
    const profile = Buffer.concat([Buffer.from("x\0\0"), deflateSync(new Uint8Array(2 ** 26))]);
    const second = Buffer.alloc(13);
    second.writeUInt32BE(2 ** 15, 0);
    second.writeUInt32BE(2 ** 15, 4);
    second.set([8, 0, 0, 0, 0], 8);
    const before: [string, Uint8Array][] = [
      ["iCCP", profile],
      ["IHDR", second],
    ];
    const stored = await readLabelFile(await file("a.png", png({ ...plain, before })));
    expect(stored).toEqual({ height: 1, width: 3, values: Uint8Array.of(1, 2, 3) });
  });
});

describe("label TIFFs", () => {
  const stored = async (spec: Omit<Parameters<typeof tiff>[0], "height" | "width">) =>
    readLabelFile(await file("a.tif", tiff({ height: 2, width: 3, ...spec })));

  it.each([
    Uint8Array.of(0, 1, 2, 200, 254, 255),
    Uint16Array.of(0, 1, 255, 256, 300, 65535),
    Float32Array.of(0, 1, 2, 3, 4, 300),
  ])("of %o keep their values", async (data) => {
    expect([...(await stored({ bands: 1, data })).values]).toEqual([...data]);
  });

  it("that are compressed keep their values", async () => {
    const raw = { width: 3, height: 2, channels: 1 } as const;
    const content = sharp(Uint8Array.of(0, 1, 2, 200, 254, 255), { raw }).toColourspace("b-w");
    const path = await file("a.tif", await content.tiff({ compression: "lzw" }).toBuffer());
    expect((await readLabelFile(path)).values).toEqual(Uint8Array.of(0, 1, 2, 200, 254, 255));
  });

  it("of colours give colours", async () => {
    const data = Uint8Array.from({ length: 18 }, (_, i) => 7 * i);
    const { coloured, values } = await stored({ bands: 3, data, rgb: true });
    expect([coloured, values[1]]).toEqual([true, 21 * 65536 + 28 * 256 + 35]);
  });

  it("of fractions, of several bands, or cut off, are refused by name", async () => {
    await expect(stored({ bands: 1, data: Float32Array.of(0, 1, 1.5, 0, 0, 0) })).rejects.toThrow(
      /a\.tif: it holds 1\.5, which is no whole number/,
    );
    await expect(stored({ bands: 4, data: new Uint8Array(24) })).rejects.toThrow(
      "it has 4 bands of type uint8",
    );
    const cut = tiff({ height: 2, width: 3, bands: 1, data: new Uint8Array(6) }).subarray(0, 20);
    await expect(readLabelFile(await file("a.tif", cut))).rejects.toThrow("a.tif: ");
  });
});

/** A BMP as common programs write it: rows from the bottom, padded to four bytes. */
function bmp(
  bits: number,
  width: number,
  rows: readonly (readonly number[])[],
  change: { height?: number; compression?: number; cut?: number } = {},
): Buffer {
  const palette = bits <= 8 ? 4 * 2 ** bits : 0;
  const header = Buffer.alloc(54 + palette);
  header.write("BM", "latin1");
  header.writeUInt32LE(54 + palette, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(change.height ?? rows.length, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(change.compression ?? 0, 30);
  for (let i = 0; i < palette / 4; i++)
    header.set(
      [i, 2 * i, 3 * i].map((value) => value & 255),
      54 + 4 * i,
    );
  const rowBytes = 4 * Math.ceil((width * bits) / 32);
  const padded = rows.map((row) =>
    Buffer.concat([Buffer.from(row), Buffer.alloc(rowBytes)]).subarray(0, rowBytes),
  );
  const whole = Buffer.concat([header, ...padded]);
  return whole.subarray(0, whole.length - (change.cut ?? 0));
}

describe("label BMPs", () => {
  const stored = async (content: Buffer) => readLabelFile(await file("a.bmp", content));

  it.each([
    [1, [[0b01000000], [0b10100000]], [1, 0, 1, 0, 1, 0]],
    [
      4,
      [
        [0x12, 0x30],
        [0x45, 0x60],
      ],
      [4, 5, 6, 1, 2, 3],
    ],
    [
      8,
      [
        [1, 2, 3],
        [4, 5, 255],
      ],
      [4, 5, 255, 1, 2, 3],
    ],
  ])("of %d bits give palette indices, rows from the bottom", async (bits, rows, values) => {
    expect([...(await stored(bmp(bits, 3, rows))).values]).toEqual(values);
  });

  it("say the colours of their palette", async () => {
    expect((await stored(bmp(8, 1, [[5]]))).colours?.[5]).toBe(15 * 65536 + 10 * 256 + 5);
  });

  it.each([24, 32])("of %d bits give colours, or numbers where all are grey", async (bits) => {
    const alpha = bits === 32 ? [0] : [];
    const colour = await stored(bmp(bits, 2, [[1, 2, 3, ...alpha, 4, 5, 6, ...alpha]]));
    expect(colour).toMatchObject({ coloured: true, values: Uint32Array.of(0x030201, 0x060504) });
    const grey = await stored(bmp(bits, 2, [[9, 9, 9, ...alpha, 4, 4, 4, ...alpha]]));
    expect(grey).toEqual({ height: 1, width: 2, values: Uint8Array.of(9, 4) });
  });

  it("may be stored from the top", async () => {
    expect([...(await stored(bmp(8, 1, [[1], [2]], { height: -2 }))).values]).toEqual([1, 2]);
  });

  it.each([
    ["cut off", bmp(8, 3, [[1, 2, 3]], { cut: 2 }), "truncated"],
    ["without a header", Buffer.from("BM"), "truncated"],
    ["compressed", bmp(8, 3, [[1, 2, 3]], { compression: 1 }), "it is compressed"],
    ["of 16 bits", bmp(16, 1, [[1, 2]]), "it has 16 bits per pixel"],
    ["without width", bmp(8, 0, [[]]), "it has 0×1 pixels (width×height)"],
    ["of a huge size", bmp(8, 2 ** 30, [[1]], { height: 2 ** 30, cut: 0 }).subarray(0, 2000), "pixels"],
  ])("%s are refused by name", async (_, content, message) => {
    const path = await file("a.bmp", content);
    await expect(readLabelFile(path)).rejects.toThrow(path);
    await expect(readLabelFile(path)).rejects.toThrow(message);
  });
});

describe("images", () => {
  const rgb = noise(5 * 4 * 3);
  const source = () => sharp(rgb, { raw: { width: 4, height: 5, channels: 3 } });

  it("are read as RGB bytes", async () => {
    const image = await readImage(await file("a.png", rgbPng(5, 4, rgb)));
    const form = { bands: 3, hasAlpha: false, type: "uint8", orientation: 1 };
    expect(image).toEqual({ height: 5, width: 4, ...form, data: rgb });
  });

  it.each(["png", "tiff", "webp"] as const)(
    "of type %s keep every byte where the format does",
    async (type) => {
      const content = await source().toFormat(type, { lossless: true, compression: "lzw" }).toBuffer();
      expect((await readImage(await file(`a.${type}`, content))).data).toEqual(rgb);
    },
  );

  it("keep transparency, and the colour under it", async () => {
    const data = Uint8Array.of(7, 8, 9, 0);
    const content = encode({ height: 1, width: 1, channels: 4, data });
    expect(await readImage(await file("a.png", content))).toMatchObject({ bands: 4, hasAlpha: true, data });
  });

  it.each([1, 2, 3, 4] as const)("of 16 bits and %i bands keep every bit", async (bands) => {
    const data = Uint16Array.from({ length: 2 * bands }, (_, i) => 0x1234 + 0x1111 * i);
    const content = encode({ height: 1, width: 2, channels: bands, depth: 16, data });
    const hasAlpha = bands % 2 === 0;
    expect(await readImage(await file("a.png", content))).toMatchObject({
      bands,
      hasAlpha,
      type: "uint16",
      data,
    });
  });

  const values = {
    u8: noise(5 * 4 * 6),
    u16: new Uint16Array(noise(240).buffer),
    f32: new Float32Array(120),
    i16: new Int16Array(120),
  };
  for (const name of ["f32", "i16"] as const) values[name].set(values.u16.map((value) => value - 30000));

  it.each([
    ["u8", "uint8"],
    ["u16", "uint16"],
    ["i16", "int16"],
    ["f32", "float32"],
  ] as const)("of type TIFF keep every value of %s, whatever the number of bands", async (name, type) => {
    for (const bands of [1, 2, 3, 4, 6]) {
      const data = values[name].slice(0, 5 * 4 * bands);
      for (const rgb of bands >= 3 ? [false, true] : [false]) {
        const content = tiff({ height: 5, width: 4, bands, data, rgb });
        expect(await readImage(await file("a.tif", content))).toMatchObject({
          height: 5,
          width: 4,
          bands,
          hasAlpha: false,
          type,
          data,
        });
      }
    }
  });

  const planes = <T extends Uint8Array | Uint16Array | Int16Array | Float32Array>(
    data: T,
    bands: number,
  ): T => data.map((_, i) => data[(i % 20) * bands + Math.floor(i / 20)]!) as T;

  it.each([
    ["u8", "uint8"],
    ["u16", "uint16"],
    ["i16", "int16"],
    ["f32", "float32"],
  ] as const)(
    "of type TIFF may hold %s band after band, which the decoder alone misreads",
    async (name, type) => {
      for (const [bands, rgb] of [
        [2, false],
        [3, true],
        [4, false],
      ] as const) {
        const data = values[name].slice(0, 20 * bands);
        const content = tiff({ height: 5, width: 4, bands, data: planes(data, bands), rgb, planar: true });
        expect(await readImage(await file("a.tif", content))).toMatchObject({
          bands,
          hasAlpha: false,
          type,
          data,
        });
      }
    },
  );

  it("of type TIFF with a damaged directory are refused", async () => {
    const content = tiff({ height: 5, width: 4, bands: 1, data: values.u16.slice(0, 20) });
    new DataView(content.buffer, content.byteOffset).setUint32(4, 2 ** 31, true);
    await expect(readImage(await file("a.tif", content))).rejects.toThrow(
      "a.tif: cannot be decoded (its directory lies outside of the file)",
    );
  });

  it("of type TIFF cannot keep the reader busy with long entries that it does not need", async () => {
    const [entries, values] = [1000, 2 ** 20];
    const bytes = Buffer.alloc(10 + 12 * entries + 4 * values);
    bytes.set([0x49, 0x49, 42, 0, 8]);
    bytes.writeUInt16LE(entries, 8);
    for (let i = 0; i < entries; i++) {
      const at = 10 + 12 * i;
      bytes.writeUInt16LE(65000, at);
      bytes.writeUInt16LE(4, at + 2);
      bytes.writeUInt32LE(values, at + 4);
      bytes.writeUInt32LE(10 + 12 * entries, at + 8);
    }
    const began = performance.now();
    await expect(readImage(await file("a.tif", bytes))).rejects.toThrow("a.tif: cannot be decoded");
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it.each(["5, 4, 3", "3, 5, 4"])("of type .npy have the bands in the shorter axis: %s", async (shape) => {
    const data = values.u16.slice(0, 60);
    const content = npy(shape.startsWith("3") ? planes(data, 3) : data, { descr: "<u2", shape });
    expect(await readImage(await file("a.npy", content))).toMatchObject({
      height: 5,
      width: 4,
      bands: 3,
      type: "uint16",
      data,
    });
  });

  it("of type .npy may be grey, and must be numbers of an image", async () => {
    const grey = npy(values.f32.slice(0, 20), { descr: "<f4", shape: "5, 4" });
    expect(await readImage(await file("a.npy", grey))).toMatchObject({
      height: 5,
      width: 4,
      bands: 1,
      type: "float32",
    });
    const flat = npy(Uint8Array.of(1, 2), { shape: "2," });
    await expect(readImage(await file("a.npy", flat))).rejects.toThrow(
      "a.npy: expected an array H×W, H×W×C or C×H×W of integers or floats, got uint8 [2]",
    );
    const cut = npy(Uint8Array.of(1, 2), { shape: "5, 4" });
    await expect(readImage(await file("a.npy", cut))).rejects.toThrow(
      "a.npy: cannot be decoded (it holds 2 bytes of data",
    );
  });

  it("of type TIFF say which band is transparency, and may be tiled and compressed", async () => {
    const data = values.u16.slice(0, 5 * 4 * 4);
    const rgba = tiff({ height: 5, width: 4, bands: 4, data, rgb: true, extra: 2 });
    expect(await readImage(await file("a.tif", rgba))).toMatchObject({ bands: 4, hasAlpha: true, data });
    const tiled = await sharp(rgb.slice(0, 48), { raw: { width: 4, height: 4, channels: 3 } })
      .tiff({ tile: true, tileWidth: 16, tileHeight: 16, compression: "deflate", predictor: "horizontal" })
      .toBuffer();
    expect((await readImage(await file("a.tif", tiled))).data).toEqual(rgb.slice(0, 48));
  });

  it("are not converted by a profile, and say how they lie", async () => {
    const content = await source().withMetadata({ orientation: 6, icc: "p3" }).png().toBuffer();
    const stored = await sharp(content, { ignoreIcc: true }).raw().toBuffer();
    const image = await readImage(await file("a.png", content));
    expect(image).toMatchObject({ height: 5, width: 4, orientation: 6 });
    expect([...image.data]).toEqual([...stored]);
  });

  const whole = Buffer.from(rgbPng(40, 40));
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
  const huge = png({ width: 2 ** 16, height: 2 ** 16, depth: 8, colour: 0, raw: Uint8Array.of(0) });

  it.each([
    ["another format under their name", svg, "not a jpeg, png, tiff, webp, npy image; convert it to png"],
    ["nothing in them", "", "not a jpeg, png, tiff, webp, npy image"],
    ["half of the file", whole.subarray(0, whole.length / 2), "cannot be decoded"],
    ["a size that would fill memory", huge, "cannot be decoded (Input image exceeds pixel limit)"],
  ])("are refused with %s", async (_, content, message) => {
    const path = await file("image.png", content);
    await expect(readImage(path)).rejects.toMatchObject({
      name: "SeawallError",
      code: "data",
      message: expect.stringContaining(message),
    });
    await expect(readImage(path)).rejects.toThrow(path);
  });

  it("are refused when a JPEG ends early, or in a colour space that readers disagree on", async () => {
    const large = sharp(noise(3 * 6400), { raw: { width: 80, height: 80, channels: 3 } });
    const jpeg = await large.clone().jpeg().toBuffer();
    const cut = await file("a.jpg", jpeg.subarray(0, jpeg.length / 2));
    await expect(readImage(cut)).rejects.toThrow("premature end");
    const cmyk = await file("b.jpg", await large.clone().toColourspace("cmyk").jpeg().toBuffer());
    await expect(readImage(cmyk)).rejects.toThrow(
      "expected grey, RGB or several bands of 8 or 16 bits or floats, got cmyk",
    );
  });

  it("that are missing, or no files, are named", async () => {
    const root = await folderWith({ "folder.png/inside": "" });
    await expect(readImage(join(root, "none.png"))).rejects.toThrow("none.png: no such file; check --data");
    await expect(readImage(join(root, "folder.png"))).rejects.toThrow("folder.png: no such file");
  });
});

describe("--classes", () => {
  it("is a number or a file of names", async () => {
    expect(await readClasses("11")).toBe(11);
    expect(await readClasses(await file("names.txt", "road\r\n side walk \ncar\n\n"))).toEqual([
      "road",
      "side walk",
      "car",
    ]);
  });

  it.each([
    ["road\n\ncar\n", 'line 2: expected one class name per line, each once, got ""'],
    ["road\ncar\nroad\n", 'line 3: expected one class name per line, each once, got "road"'],
    ["road\n", "expected 2 to 65536 classes, got 1"],
  ])("refuses %j", async (content, message) => {
    await expect(readClasses(await file("names.txt", content))).rejects.toThrow(message);
  });

  it("refuses a file of very many lines at once", async () => {
    const lines = await file("lines.txt", Array.from({ length: 300_000 }, (_, i) => `name ${i}`).join("\n"));
    const start = performance.now();
    await expect(readClasses(lines)).rejects.toThrow("lines.txt: expected 2 to 65536 classes, got 300000");
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("refuses a single class and a missing file", async () => {
    await expect(readClasses("1")).rejects.toThrow("--classes 1: expected 2 to 65536 classes");
    await expect(readClasses("none.txt")).rejects.toThrow("none.txt: no such file");
  });
});
