/** Samples and data sets. */
import { sha256, type Tensor } from "../base/index.js";
import type { ShardOf } from "./layouts/shards.js";
import type { ImageEncoding, StoredForm } from "./pixels/encoding.js";
import type { ImageRaster, LabelRaster, Size } from "./pixels/raster.js";
import type { TransformOptions } from "./pixels/transform.js";

/** One image, ready for a model. */
export interface Sample extends Size {
  /** Name of the image: the file name without extension. */
  readonly id: string;
  /** Position in the list of the data set, after offset and limit, before sharding. */
  readonly index: number;
  /** SHA-256 of size, channels and values of the transformed image, without labels and name. It keys randomness. */
  readonly hash: string;
  /** C×H×W in [0, 1]: byte / 255 for images of bytes. Three channels are RGB. */
  readonly image: Tensor<"float32">;
  /** What the file's values were. */
  readonly stored: StoredForm;
  /** H·W classes row by row, −1 where a pixel counts nowhere; undefined without ground truth. */
  readonly labels: Int32Array | undefined;
}

/** The options that decided the content of a data set. Plain JSON, for the record of a run. */
export interface DataSettings {
  readonly split: string | undefined;
  readonly labels: "truth" | "self";
  readonly labelVariant: string | undefined;
  readonly classes: number | undefined;
  readonly ignoreLabel: number | readonly number[] | undefined;
  /** The label map: its entries, or the hash of its file; present only where there is one. */
  readonly labelMap?: string | undefined;
  /** Name of the palette, or the hash of its file. */
  readonly palette?: string | undefined;
  readonly labelSuffix?: string | undefined;
  readonly transform: TransformOptions;
  /** Absent for RGB images read as they are. */
  readonly encoding?: ImageEncoding;
}

/** An ordered list of samples; positions count from 0 to `length` − 1. */
export interface Dataset {
  /** As the user wrote it, e.g. `camvid:ROOT`. */
  readonly spec: string;
  /** Name of its layout, e.g. `camvid`. */
  readonly name: string;
  readonly classNames: readonly string[] | undefined;
  readonly settings: DataSettings;
  /** Decisions about names and labels for the user to know, one sentence each. */
  readonly notices: readonly string[];
  /** Which shard this is; undefined for the whole list. */
  readonly shard: ShardOf | undefined;
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
export function makeSample(
  id: string,
  index: number,
  image: ImageRaster,
  labels?: LabelRaster,
  stored: StoredForm = bytesOf(image),
): Sample {
  const { height, width, channels } = image;
  const values = planes(image);
  return {
    id,
    index,
    height,
    width,
    hash: contentHash(image, values),
    image: {
      type: "float32",
      dims: [channels, height, width],
      data: unitFloats(values),
    },
    stored,
    labels: labels?.data,
  };
}

const bytesOf = ({ channels }: ImageRaster): StoredForm => ({
  type: "uint8",
  bands: channels,
  range: [0, 255],
});

/** The image as model input, C×H×W: all values of a channel, then those of the next; of bytes, byte / 255. */
export function unitPlanes(image: ImageRaster): Float32Array<ArrayBuffer> {
  return unitFloats(planes(image));
}

/** byte / 255 of every byte. A loop: `Float32Array.from` with a function takes many times as long. */
function unitFloats(bytes: Planes): Float32Array<ArrayBuffer> {
  if (bytes instanceof Float32Array) return bytes;
  const floats = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) floats[i] = unit[bytes[i]!]!;
  return floats;
}

type Planes = Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** All values of the first channel, then those of the next. */
function planes({ height, width, channels, data }: ImageRaster): Planes {
  const area = height * width;
  const isFloat = data instanceof Float32Array;
  const values = isFloat ? new Float32Array(channels * area) : new Uint8Array(channels * area);
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < area; i++) values[channel * area + i] = data[i * channels + channel]!;
  }
  return values;
}

/**
 * The size is hashed too: 2×3 and 3×2 pixels of the same bytes are different images. So is the number of channels,
 * except for RGB bytes: runs of earlier versions have such images alone.
 */
function contentHash({ height, width, channels }: ImageRaster, values: Planes): string {
  const isRgb = channels === 3 && values instanceof Uint8Array;
  const sizes = isRgb ? [height, width] : [height, width, channels];
  const content = new Uint8Array(4 * sizes.length + values.byteLength);
  for (const [i, size] of sizes.entries()) new DataView(content.buffer).setUint32(4 * i, size);
  content.set(new Uint8Array(values.buffer), 4 * sizes.length);
  return sha256(content);
}
