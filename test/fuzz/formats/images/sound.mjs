/** Sound images and label files, of every format that is read. */
import sharp from "sharp";
import { goldenFile, pictures, side } from "../material.mjs";

/** A BMP of 8 bits with a palette. */
function bmp(labels) {
  const start = 54 + 4 * 256;
  const bytes = Buffer.alloc(start + side * side);
  bytes.write("BM");
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(start, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(side, 18);
  bytes.writeInt32LE(side, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(8, 28);
  for (let i = 0; i < 256; i++) bytes.writeUInt32LE(0x010101 * i, 54 + 4 * i);
  bytes.set(labels, start);
  return bytes;
}

/** The bytes that `numpy.save` writes; also for other texts in the header. */
export function npy(data, header) {
  const text = `${header.padEnd(118 - 1)}\n`;
  const start = Buffer.from(`\x93NUMPY\x01\x00..`, "latin1");
  start.writeUInt16LE(text.length, 8);
  return Buffer.concat([start, Buffer.from(text, "latin1"), data]);
}

/** Files for `images/` and for `labels/`: {ending, bytes}. */
export async function soundImages() {
  const { pixels, labels } = pictures();
  const rgb = () => sharp(pixels, { raw: { width: side, height: side, channels: 3 } });
  const grey = () => sharp(labels, { raw: { width: side, height: side, channels: 1 } }).toColourspace("b-w");
  const described = (shape, type = "|u1") =>
    `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape}), }`;
  const exif = { IFD0: { Copyright: "nobody", Orientation: "6" } };
  const images = [
    ["png", rgb().png()],
    ["png", rgb().png({ progressive: true })],
    ["png", rgb().png({ palette: true })],
    ["png", rgb().toColourspace("rgb16").png()],
    ["png", rgb().ensureAlpha().png()],
    ["jpg", rgb().jpeg()],
    ["jpg", rgb().jpeg({ progressive: true }).withExif(exif)],
    ["webp", rgb().webp({ lossless: true }).withExif(exif)],
    ["tif", rgb().tiff({ compression: "none" })],
    ["tif", rgb().tiff({ compression: "lzw", predictor: "horizontal" })],
    ["tif", rgb().tiff({ compression: "deflate", tile: true, tileWidth: 16, tileHeight: 16, pyramid: true })],
    ["tif", rgb().tiff({ compression: "jpeg" })],
    ["npy", npy(pixels, described(`${side}, ${side}, 3`))],
  ];
  const labelFiles = [
    ["png", grey().png()],
    ["png", grey().png({ palette: true })],
    ["tif", grey().tiff({ compression: "none" })],
    ["tif", grey().tiff({ compression: "packbits" })],
    ["bmp", bmp(labels)],
    ["npy", npy(labels, described(`${side}, ${side}`))],
  ];
  return {
    images: await encoded(images),
    labels: await encoded(labelFiles),
    mat: goldenFile("sbd/packed.mat"),
  };
}

function encoded(files) {
  return Promise.all(
    files.map(async ([ending, image]) => ({
      ending,
      bytes: "toBuffer" in image ? await image.toBuffer() : image,
    })),
  );
}
