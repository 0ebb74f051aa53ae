/** Samples and data sets. */
import { sha256, type Tensor } from "../base/index.js";
import type { ImageRaster, LabelRaster, Size } from "./pixels/raster.js";
import type { TransformOptions } from "./pixels/transform.js";

/** One image, ready for a model. */
export interface Sample extends Size {
  /** Name of the image: the file name without extension. */
  readonly id: string;
  /** Position in the list of the data set, after offset and limit, before sharding. */
  readonly index: number;
  /** SHA-256 of size and bytes of the transformed image, without labels and name. It keys randomness. */
  readonly hash: string;
  /** 3×H×W, RGB in [0, 1]: byte / 255. */
  readonly image: Tensor<"float32">;
  /** H·W classes row by row, −1 where a pixel counts nowhere; undefined without ground truth. */
  readonly labels: Int32Array | undefined;
}

/** The options that decided the content of a data set. Plain JSON, for the record of a run. */
export interface DataSettings {
  readonly split: string | undefined;
  readonly labels: "truth" | "self";
  readonly labelVariant: string | undefined;
  readonly classes: number | undefined;
  readonly ignoreLabel: number | undefined;
  readonly transform: TransformOptions;
}

/** An ordered list of samples; positions count from 0 to `length` − 1. */
export interface Dataset {
  /** As the user wrote it, e.g. `camvid:ROOT`. */
  readonly spec: string;
  /** Name of its layout, e.g. `camvid`. */
  readonly name: string;
  readonly classNames: readonly string[] | undefined;
  readonly settings: DataSettings;
  /** Number of samples in this shard. */
  readonly length: number;
  /** Number of samples of all shards together. */
  readonly total: number;
  /** Names in order; unique. */
  readonly ids: readonly string[];
  /** SHA-256 of the names of all shards, in order. */
  readonly listSha256: string;
  /** SHA-256 of names and file sizes of images and labels of all shards. */
  readonly filesSha256: string;
  /** @throws SeawallError `data` when a file is missing, unreadable or contradicts another. */
  read(position: number): Promise<Sample>;
  /** The labels of `read(position)`, without opening the image. */
  readLabels(position: number): Promise<Int32Array>;
  /** The samples at these positions (default: all), in this order. Some are read ahead. */
  samples(positions?: Iterable<number>): AsyncIterable<Sample>;
}

const unit = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** A sample made of decoded and transformed pixels. */
export function makeSample(id: string, index: number, image: ImageRaster, labels?: LabelRaster): Sample {
  const { height, width } = image;
  const bytes = planes(image);
  return {
    id,
    index,
    height,
    width,
    hash: contentHash(image, bytes),
    image: {
      type: "float32",
      dims: [3, height, width],
      data: unitFloats(bytes),
    },
    labels: labels?.data,
  };
}

/** The image as model input, 3×H×W: all red values, then green, then blue, each byte / 255. */
export function unitPlanes(image: ImageRaster): Float32Array<ArrayBuffer> {
  return unitFloats(planes(image));
}

/** byte / 255 of every byte. A loop: `Float32Array.from` with a function takes many times as long. */
function unitFloats(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) floats[i] = unit[bytes[i]!]!;
  return floats;
}

/** All red bytes, then green, then blue. */
function planes({ height, width, channels, data }: ImageRaster): Uint8Array {
  const area = height * width;
  const bytes = new Uint8Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < area; i++) bytes[channel * area + i] = data[i * channels + channel]!;
  }
  return bytes;
}

/** The size is hashed too: 2×3 and 3×2 pixels of the same bytes are different images. */
function contentHash({ height, width }: Size, bytes: Uint8Array): string {
  const content = new Uint8Array(8 + bytes.length);
  new DataView(content.buffer).setUint32(0, height);
  new DataView(content.buffer).setUint32(4, width);
  content.set(bytes, 8);
  return sha256(content);
}
