/** Reading label files of every format, chosen by their first bytes. */
import { extname } from "node:path";
import { messageOf, SeawallError } from "../../base/index.js";
import { fromImage, type StoredLabels } from "../pixels/stored.js";
import { maxPixels } from "../pixels/transform.js";
import { readBytes } from "./files.node.js";
import { decodeImage } from "./image.node.js";
import { decodeBmp, isBmp } from "./label-bmp.js";
import { readLabelMat } from "./label-mat.node.js";
import { decodeLabelPng, labelPngParts } from "./label-png.js";
import { isPng } from "./png.js";
import { checkPacked } from "./unpack.node.js";

/** The formats, except those of MATLAB, which are told by their ending. */
const formats: readonly {
  readonly is: (bytes: Buffer) => boolean;
  readonly decode: (bytes: Buffer, file: string) => StoredLabels | Promise<StoredLabels>;
}[] = [
  { is: isPng, decode: readLabelPng },
  { is: isArray, decode: async (bytes, file) => fromImage(await decodeImage(bytes, file)) },
  { is: isBmp, decode: decodeBmp },
];

/**
 * The values of a label file: PNG (palette, grey, or RGB), TIFF, BMP, `.npy`, or `.mat` of the Semantic Boundaries Dataset.
 * @throws SeawallError `data` when the file is missing, damaged, truncated, too large or of another format
 */
export async function readLabelFile(file: string): Promise<StoredLabels> {
  if (extname(file).toLowerCase() === ".mat") return readLabelMat(file);
  const bytes = await readBytes(file);
  try {
    const format = formats.find(({ is }) => is(bytes));
    if (!format) throw new Error(otherFormat(bytes));
    return await format.decode(bytes, file);
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    throw new SeawallError(
      "data",
      `${file}: ${messageOf(error).trim()}; labels are expected as a PNG, TIFF, BMP or .npy of at most ${maxPixels} pixels, ` +
        "whose values are class numbers (palette, or grey of 8 or 16 bits) or colours",
    );
  }
}

function readLabelPng(bytes: Buffer): StoredLabels {
  const parts = labelPngParts(bytes);
  checkPacked(parts);
  return decodeLabelPng(parts);
}

/** TIFF, or an array of NumPy. */
function isArray(bytes: Buffer): boolean {
  return /^(?:II[*+]\0|MM\0[*+]|\x93NUMPY)/.test(bytes.toString("latin1", 0, 6));
}

function otherFormat(bytes: Buffer): string {
  const lossy = bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]));
  return lossy
    ? "JPEG changes values, so it cannot store class numbers; export the labels as PNG"
    : "not a PNG file, nor a TIFF, BMP or .npy";
}
