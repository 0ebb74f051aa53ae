/** From stored values to channels: bands, ranges, orientation; and the content hash of every kind of image. */
import { join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/index.js";
import type { ImageEncoding, StoredImage } from "../../src/data/index.js";
import { makeSample } from "../../src/data/index.js";
import { openData } from "../../src/data/index.node.js";
import { encodeImage } from "../../src/data/pixels/encoding.js";
import { folderWith, greyPng, noise, rgbPng } from "./pixels.js";

/** Two pixels side by side. */
function stored(bands: number, data: StoredImage["data"], more: Partial<StoredImage> = {}): StoredImage {
  const type = data instanceof Uint8Array ? "uint8" : data instanceof Uint16Array ? "uint16" : "float32";
  return { height: 1, width: 2, orientation: 1, bands, hasAlpha: false, type, data, ...more };
}

function encoded(image: StoredImage, encoding: ImageEncoding = {}) {
  const told: string[] = [];
  const { image: raster, form } = encodeImage(image, encoding, "a.png", (kind) => told.push(kind));
  return { channels: raster.channels, data: raster.data, form, told };
}

const bytes = (...values: number[]) => Uint8Array.from(values);

describe("the bands of a file become the channels of the model", () => {
  const grey = stored(1, bytes(1, 2));
  const greyAlpha = stored(2, bytes(1, 9, 2, 9), { hasAlpha: true });
  const rgb = stored(3, bytes(1, 2, 3, 4, 5, 6));
  const equal = stored(3, bytes(1, 1, 1, 4, 4, 4));
  const rgba = stored(4, bytes(1, 2, 3, 9, 4, 5, 6, 9), { hasAlpha: true });
  const four = stored(4, bytes(1, 2, 3, 9, 4, 5, 6, 9));

  it.each<[string, StoredImage, ImageEncoding, number[], string[]]>([
    ["RGB as it is", rgb, {}, [1, 2, 3, 4, 5, 6], []],
    ["grey three times", grey, {}, [1, 1, 1, 2, 2, 2], ["grey"]],
    ["grey three times, without transparency", greyAlpha, {}, [1, 1, 1, 2, 2, 2], ["grey"]],
    ["RGB without transparency", rgba, {}, [1, 2, 3, 4, 5, 6], ["alpha"]],
    ["grey as it is", grey, { channels: 1 }, [1, 2], []],
    ["grey without transparency", greyAlpha, { channels: 1 }, [1, 2], ["alpha"]],
    ["equal bands as grey", equal, { channels: 1 }, [1, 4], ["equal bands"]],
    ["brightness where asked", rgb, { channels: 1, bands: "luma" }, [2, 5], []],
    ["four bands", four, { channels: 4 }, [1, 2, 3, 9, 4, 5, 6, 9], []],
    ["transparency as the fourth", rgba, { channels: 4 }, [1, 2, 3, 9, 4, 5, 6, 9], ["alpha"]],
    ["chosen ones, in that order", four, { bands: [4, 3, 2] }, [9, 3, 2, 9, 6, 5], []],
    ["one for all", grey, { channels: 2, bands: [1, 1] }, [1, 1, 2, 2], []],
    ["whatever there is", four, { channels: "stored" }, [1, 2, 3, 9, 4, 5, 6, 9], []],
  ])("%s", (_, image, encoding, data, told) => {
    const result = encoded(image, encoding);
    expect([...result.data]).toEqual(data);
    expect(result.channels).toBe(data.length / 2);
    expect(result.told).toEqual(told);
  });

  it.each<[string, StoredImage, ImageEncoding, string]>([
    [
      "colours for one channel",
      rgb,
      { channels: 1 },
      "a.png has 3 bands, the model takes 1 channel: --bands luma takes the brightness",
    ],
    [
      "four bands for three channels",
      four,
      {},
      "a.png has 4 bands, the model takes 3 channels: choose the bands, as --bands 1,2,3 does",
    ],
    [
      "RGBA for five channels",
      rgba,
      { channels: 5 },
      "a.png has 3 bands and transparency, the model takes 5 channels: give images with 5 bands",
    ],
    [
      "RGB for four channels",
      rgb,
      { channels: 4 },
      "give images with 4 bands, or a band for each channel as --bands 1,2,3,3 does",
    ],
    [
      "too few bands named",
      four,
      { bands: [1, 2] },
      "--bands 1,2 chooses 2 bands, the model takes 3 channels",
    ],
    [
      "a band that is not there",
      rgb,
      { bands: [1, 2, 4] },
      "--bands 1,2,4: a.png has no band 4, it has 3 bands",
    ],
    [
      "the brightness of grey",
      grey,
      { channels: 1, bands: "luma" },
      "a.png is no colour image, it has 1 band",
    ],
  ])("%s is refused", (_, image, encoding, message) => {
    expect(() => encoded(image, encoding)).toThrow(message);
  });

  it("brightness is Pillow's", () => {
    // PIL.Image.merge("RGB", …).convert("L") of three colours.
    const colours = stored(3, bytes(10, 200, 30, 255, 0, 1, 7, 8, 9), { width: 3 });
    expect([...encoded(colours, { channels: 1, bands: "luma" }).data]).toEqual([124, 76, 8]);
  });
});

describe("stored values become floats from black to white", () => {
  const sixteen = stored(1, Uint16Array.of(0, 2550));
  const one = { channels: 1 };

  it("bytes stay bytes, 16 bits keep every step", () => {
    expect(encoded(stored(1, bytes(0, 255)), one).data).toEqual(bytes(0, 255));
    expect(encoded(sixteen, one).data).toEqual(Float32Array.of(0, 2550 / 65535));
    expect(encoded(sixteen, one).form).toEqual({ type: "uint16", bands: 1, range: [0, 65535] });
  });

  it("of the range that is given", () => {
    expect(encoded(sixteen, { ...one, range: [0, 5100] }).data).toEqual(Float32Array.of(0, 0.5));
    const floats = stored(1, Float32Array.of(-3, 5));
    expect(encoded(floats, { ...one, range: [-3, 5] }).data).toEqual(Float32Array.of(0, 1));
    expect(encoded(stored(1, bytes(0, 51)), { ...one, range: [0, 102] }).data).toEqual(
      Float32Array.of(0, 0.5),
    );
  });

  it("are cut to a range that is given, and said so", () => {
    const result = encoded(sixteen, { ...one, range: [0, 1000] });
    expect([...result.data]).toEqual([0, 1]);
    expect(result.told).toEqual(["cut"]);
  });

  it.each<[string, StoredImage, string]>([
    [
      "outside of the usual range",
      stored(1, Float32Array.of(0, 255)),
      "a.png: values from 0 to 255, expected 0 (black) to 1 (white); --pixel-range 0,255 holds these values, give the black and white of all images",
    ],
    ["below it", stored(1, Float32Array.of(-0.5, 0.5)), "; --pixel-range -0.5,0.5 holds these values"],
    [
      "not a number",
      stored(1, Float32Array.of(0, Number.NaN)),
      "a.png: a pixel is NaN, expected finite numbers",
    ],
    ["infinite", stored(1, Float32Array.of(0, Number.NEGATIVE_INFINITY)), "a.png: a pixel is -Infinity"],
    [
      "of a type without a usual range",
      stored(1, Int16Array.of(0, 1), { type: "int16" }),
      "a.png holds values of type int16, of which black and white are not known; give them with --pixel-range BLACK,WHITE",
    ],
  ])("%s are refused", (_, image, message) => {
    expect(() => encoded(image, one)).toThrow(message);
  });
});

describe("EXIF orientation", () => {
  // Red 0 to 5 in rows of three, as a camera stores it.
  const pixels = Uint8Array.from({ length: 18 }, (_, i) => (i % 3 === 0 ? i / 3 : 0));
  const image = { height: 2, width: 3, bands: 3, hasAlpha: false, type: "uint8", data: pixels } as const;

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("%i is turned as the decoder's own does", async (orientation) => {
    const png = await sharp(pixels, { raw: { width: 3, height: 2, channels: 3 } })
      .withMetadata({ orientation })
      .png()
      .toBuffer();
    const shown = await sharp(png).autoOrient().raw().toBuffer({ resolveWithObject: true });
    const { image: turned } = encodeImage({ ...image, orientation }, {}, "a.png");
    expect([turned.height, turned.width]).toEqual([shown.info.height, shown.info.width]);
    expect([...turned.data]).toEqual([...shown.data]);
    const { image: ignored } = encodeImage({ ...image, orientation }, { orientation: "ignore" }, "a.png");
    expect(ignored.data).toEqual(pixels);
  });

  const turned = async (orientation: number) =>
    sharp(pixels, { raw: { width: 3, height: 2, channels: 3 } })
      .withMetadata({ orientation })
      .png()
      .toBuffer();

  it("is honoured in a data set, and told once", async () => {
    const upright = rgbPng(
      2,
      3,
      Uint8Array.from({ length: 18 }, (_, i) => pixels[i - (i % 3) < 0 ? 0 : 15 - (i - (i % 3)) + (i % 3)]!),
    );
    const root = await folderWith({
      "i/a.png": await turned(3),
      "i/b.png": upright,
      "l/a.png": greyPng(2, 3, [0, 1, 0, 1, 0, 1]),
      "l/b.png": greyPng(2, 3, [0, 1, 0, 1, 0, 1]),
    });
    const told: string[] = [];
    const data = await openData(`folder:${join(root, "i")},${join(root, "l")}`, {
      tell: (_, text) => told.push(text),
    });
    const [a, b] = [await data.read(0), await data.read(1)];
    expect(a.image).toEqual(b.image);
    expect(a.hash).toBe(b.hash);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /^images are turned as their EXIF orientation says \(first .*a\.png: turned by 180°\)/,
    );
  });

  it("that the labels do not follow is named, and ignoring it leads on", async () => {
    const root = await folderWith({
      "i/a.png": await turned(6),
      "l/a.png": greyPng(2, 3, [0, 1, 0, 1, 0, 1]),
    });
    const spec = `folder:${join(root, "i")},${join(root, "l")}`;
    await expect((await openData(spec)).read(0)).rejects.toThrow(
      /a\.png has 2×3 pixels \(width×height\) and its labels .* have 3×2; the labels fit the image without its EXIF orientation: --exif-orientation ignore reads it so/,
    );
    const data = await openData(spec, { encoding: { orientation: "ignore" } });
    expect(await data.read(0)).toMatchObject({ height: 2, width: 3 });
  });
});

describe("the content hash", () => {
  const rgb = noise(18);
  const hashOf = (channels: number, data: Uint8Array | Float32Array, height = 2) =>
    makeSample("a", 0, { height, width: data.length / channels / height, channels, data }).hash;

  it("of RGB bytes is that of earlier versions: height, width and planes", () => {
    const planes = [0, 1, 2].flatMap((c) => [...rgb].filter((_, i) => i % 3 === c));
    expect(hashOf(3, rgb)).toBe(sha256(Uint8Array.from([0, 0, 0, 2, 0, 0, 0, 3, ...planes])));
  });

  it("tells kinds of images apart", () => {
    const kinds = [
      hashOf(3, rgb),
      hashOf(1, rgb),
      hashOf(2, rgb, 1),
      hashOf(6, rgb, 1),
      hashOf(
        3,
        Float32Array.from(rgb, (byte) => byte / 255),
      ),
      hashOf(
        1,
        Float32Array.from(rgb, (byte) => byte / 255),
      ),
    ];
    expect(new Set(kinds).size).toBe(kinds.length);
  });
});

it("a grey image of a colour model has the hash and floats that it had", async () => {
  const root = await folderWith({
    "i/a.png": encode({ height: 2, width: 3, channels: 1, data: noise(6) }),
    "j/a.png": rgbPng(2, 3, Uint8Array.from([...noise(6)].flatMap((value) => [value, value, value]))),
  });
  const read = async (folder: string) =>
    (await openData(`folder:${join(root, folder)}`, { labels: "self" })).read(0);
  const [grey, colour] = [await read("i"), await read("j")];
  expect(grey.hash).toBe(colour.hash);
  expect(grey.image).toEqual(colour.image);
});
