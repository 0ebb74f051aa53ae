/** From the values of an image file to the channels of a model: which bands are taken, and what black and white are. */
import { type arrayConstructors, formatShare, plural, SeawallError } from "../../base/index.js";
import { emptyLike, type ImageRaster, type Size } from "./raster.js";

/** How the values of image files become channels in [0, 1]. */
export interface ImageEncoding {
  /** Channels that are wanted; `stored`: every band that is no transparency. Default: 3. */
  readonly channels?: number | "stored" | undefined;
  /** Bands of the file, counted from 1, in the order of the channels; `luma`: the brightness of a colour image. */
  readonly bands?: readonly number[] | "luma" | undefined;
  /** The stored values of black and white; default: by type, those of `usualRanges`. */
  readonly range?: readonly [black: number, white: number] | undefined;
  /** Whether images are turned as their EXIF data say; default: apply. */
  readonly orientation?: "apply" | "ignore" | undefined;
}

/** Types of the numbers in image files. */
export type StoredType = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "float32" | "float64";

/** The arrays that hold them. */
export type StoredValues = InstanceType<(typeof arrayConstructors)[StoredType]>;

/** An image as its file stores it. */
export interface StoredImage extends Size {
  readonly bands: number;
  /** How the image must be turned to be upright, as in EXIF: 1 (it is) to 8. */
  readonly orientation: number;
  /** The last band is transparency. */
  readonly hasAlpha: boolean;
  readonly type: StoredType;
  /** Row by row, the bands of a pixel side by side. */
  readonly data: StoredValues;
}

/** What the values of an image file were, before they became channels. */
export interface StoredForm {
  readonly type: StoredType;
  readonly bands: number;
  /** The stored values of black and white. */
  readonly range: readonly [black: number, white: number];
}

/** Whether white is 255 and black 0, so that a step of 1/255 is a grey level. */
export function isOfBytes({ type, range: [black, white] }: StoredForm): boolean {
  return type === "uint8" && black === 0 && white === 255;
}

/** Tells of a decision about images. Of decisions of one kind, only the first is worth telling. */
export type TellDecision = (kind: string, sentence: string) => void;

/** Passes on the first decision of each kind. */
export function firstOfKind(tell: TellDecision): TellDecision {
  const told = new Set<string>();
  return (kind, sentence) => {
    if (!told.has(kind)) tell(kind, sentence);
    told.add(kind);
  };
}

/** The stored values of black and white, unless others are given. */
const usualRanges: Readonly<Partial<Record<StoredType, readonly [number, number]>>> = {
  uint8: [0, 255],
  uint16: [0, 65535],
  float32: [0, 1],
  float64: [0, 1],
};

/**
 * The image as a model takes it: bytes where the file has bytes, else floats in [0, 1].
 * @param file names the file in messages
 * @throws SeawallError `data` if the bands do not fit the channels, or a value is not finite or outside of the range
 */
export function encodeImage(
  stored: StoredImage,
  encoding: ImageEncoding,
  file: string,
  tell: TellDecision = () => {},
): { image: ImageRaster; form: StoredForm } {
  const bands = chooseBands(stored, encoding, file, tell);
  const range = rangeOf(stored, encoding, file);
  const { height, width, type } = stored;
  const values = bands === "luma" ? luma(stored) : takeBands(stored, bands);
  const channels = bands === "luma" ? 1 : bands.length;
  const isByte = values instanceof Uint8Array && encoding.range === undefined;
  const data = isByte ? values : scaled(values, range, encoding.range !== undefined, file, tell);
  const image = turned({ height, width, channels, data }, stored.orientation, encoding, file, tell);
  return { image, form: { type, bands: stored.bands, range } };
}

/** Positions of the bands that become channels, from 0. */
function chooseBands(
  stored: StoredImage,
  { channels = 3, bands }: ImageEncoding,
  file: string,
  tell: TellDecision,
): readonly number[] | "luma" {
  if (bands !== undefined) return givenBands(stored, channels, bands, file);
  const colours = stored.bands - (stored.hasAlpha ? 1 : 0);
  const first = (count: number) => Array.from({ length: count }, (_, band) => band);
  if (channels === "stored" || colours === channels) {
    if (stored.hasAlpha) tell("alpha", `transparency of the images is dropped (first in ${file})`);
    return first(colours);
  }
  if (stored.bands === channels) {
    tell("alpha", `the transparency of the images is taken as channel ${channels} (first in ${file})`);
    return first(channels);
  }
  if (colours === 1 && channels === 3) {
    tell("grey", `grey images are repeated for the three channels of the model (first ${file})`);
    return [0, 0, 0];
  }
  if (colours === 3 && channels === 1 && isGrey(stored)) {
    tell("equal bands", `images with three equal bands are read as grey (first ${file})`);
    return [0];
  }
  throw new SeawallError("data", misfit(stored, channels, colours, file));
}

function misfit({ bands, hasAlpha }: StoredImage, channels: number, colours: number, file: string): string {
  const has = `${file} has ${plural(colours, "band")}${hasAlpha ? " and transparency" : ""}, the model takes ${plural(channels, "channel")}`;
  if (colours === 3 && channels === 1)
    return `${has}: --bands luma takes the brightness of colour images, --bands 1 the first band alone`;
  if (bands > channels) {
    const first = Array.from({ length: channels }, (_, i) => i + 1);
    return `${has}: choose the bands, as --bands ${first.join(",")} does`;
  }
  return `${has}: give images with ${plural(channels, "band")}, or a band for each channel as --bands ${Array.from({ length: channels }, (_, i) => Math.min(i + 1, bands)).join(",")} does`;
}

function givenBands(
  stored: StoredImage,
  channels: number | "stored",
  bands: readonly number[] | "luma",
  file: string,
): readonly number[] | "luma" {
  const given = `--bands ${bands === "luma" ? bands : bands.join(",")}`;
  const count = bands === "luma" ? 1 : bands.length;
  if (channels !== "stored" && count !== channels) {
    throw new SeawallError(
      "data",
      `${given} chooses ${plural(count, "band")}, the model takes ${plural(channels, "channel")}; name one for each channel`,
    );
  }
  if (bands === "luma") {
    if (stored.bands >= 3) return bands;
    throw new SeawallError(
      "data",
      `${given}: ${file} is no colour image, it has ${plural(stored.bands, "band")}; leave the flag out`,
    );
  }
  const missing = bands.find((band) => band > stored.bands);
  if (missing === undefined) return bands.map((band) => band - 1);
  throw new SeawallError(
    "data",
    `${given}: ${file} has no band ${missing}, it has ${plural(stored.bands, "band")}, counted from 1`,
  );
}

function isGrey({ data, bands }: StoredImage): boolean {
  for (let i = 0; i < data.length; i += bands) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  }
  return true;
}

function takeBands({ data, bands: stored }: StoredImage, bands: readonly number[]): StoredValues {
  if (bands.length === stored && bands.every((band, i) => band === i)) return data;
  const pixels = data.length / stored;
  const taken = emptyLike(data, pixels * bands.length);
  for (let i = 0, at = 0; i < pixels; i++) {
    for (const band of bands) taken[at++] = data[i * stored + band]!;
  }
  return taken;
}

/** The brightness of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B; of bytes in fixed point and rounded, as in Pillow. */
function luma({ data, bands }: StoredImage): StoredValues {
  const pixels = data.length / bands;
  const grey = emptyLike(data, pixels);
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  for (let i = 0; i < pixels; i++) {
    const [r, g, b] = [data[i * bands]!, data[i * bands + 1]!, data[i * bands + 2]!];
    const sum = r * 19595 + g * 38470 + b * 7471;
    grey[i] = isFloat ? sum / 65536 : Math.floor((sum + 32768) / 65536);
  }
  return grey;
}

function rangeOf({ type }: StoredImage, { range }: ImageEncoding, file: string): readonly [number, number] {
  const known = range ?? usualRanges[type];
  if (known !== undefined) return known;
  throw new SeawallError(
    "data",
    `${file} holds values of type ${type}, of which black and white are not known; give them with --pixel-range BLACK,WHITE`,
  );
}

/**
 * Stored values as floats in [0, 1].
 * @param cut whether values outside of the range become black or white, instead of being refused
 */
function scaled(
  values: StoredValues,
  [black, white]: readonly [number, number],
  cut: boolean,
  file: string,
  tell: TellDecision,
): Float32Array {
  const floats = new Float32Array(values.length);
  let outside = 0;
  for (let i = 0; i < values.length; i++) {
    const share = (values[i]! - black) / (white - black);
    if (Number.isNaN(share) || Math.abs(share) === Number.POSITIVE_INFINITY)
      throw notFinite(values[i]!, file);
    if (share < 0 || share > 1) outside++;
    floats[i] = Math.min(Math.max(share, 0), 1);
  }
  if (outside > 0 && !cut) throw outsideOf(values, [black, white], file);
  if (outside > 0) {
    tell(
      "cut",
      `values outside of --pixel-range ${black},${white} become black or white (first in ${file}: ${formatShare(outside / values.length)} of the values)`,
    );
  }
  return floats;
}

function notFinite(value: number, file: string): SeawallError {
  return new SeawallError(
    "data",
    `${file}: a pixel is ${value}, expected finite numbers; fill such pixels, or take the image out`,
  );
}

function outsideOf(
  values: StoredValues,
  [black, white]: readonly [number, number],
  file: string,
): SeawallError {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return new SeawallError(
    "data",
    `${file}: values from ${low} to ${high}, expected ${black} (black) to ${white} (white); --pixel-range ${Math.min(low, 0)},${high} holds these values, give the black and white of all images`,
  );
}

/** EXIF orientations: whether rows and columns change places first, and which sides are then mirrored. */
const turns: Readonly<Record<number, { swap: boolean; upDown: boolean; leftRight: boolean; name: string }>> =
  {
    2: { swap: false, upDown: false, leftRight: true, name: "mirrored" },
    3: { swap: false, upDown: true, leftRight: true, name: "turned by 180°" },
    4: { swap: false, upDown: true, leftRight: false, name: "mirrored upside down" },
    5: { swap: true, upDown: false, leftRight: false, name: "mirrored and turned by 90°" },
    6: { swap: true, upDown: false, leftRight: true, name: "turned by 90° clockwise" },
    7: { swap: true, upDown: true, leftRight: true, name: "mirrored and turned by 90°" },
    8: { swap: true, upDown: true, leftRight: false, name: "turned by 90° anticlockwise" },
  };

/** Whether an EXIF orientation swaps width and height. */
export function swapsSides(orientation: number): boolean {
  return turns[orientation]?.swap ?? false;
}

/** The image upright, unless its orientation is to be ignored. */
function turned(
  image: ImageRaster,
  orientation: number,
  { orientation: choice = "apply" }: ImageEncoding,
  file: string,
  tell: TellDecision,
): ImageRaster {
  const turn = turns[orientation];
  if (!turn) return image;
  if (choice === "ignore") {
    tell("orientation", `EXIF orientations are ignored (first in ${file}: to be ${turn.name})`);
    return image;
  }
  tell(
    "orientation",
    `images are turned as their EXIF orientation says (first ${file}: ${turn.name}); --exif-orientation ignore leaves them as stored`,
  );
  const { channels, data } = image;
  const [height, width] = turn.swap ? [image.width, image.height] : [image.height, image.width];
  const upright = emptyLike(data, data.length);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [row, column] = [turn.upDown ? height - 1 - y : y, turn.leftRight ? width - 1 - x : x];
      const from = channels * (turn.swap ? column * image.width + row : row * image.width + column);
      for (let c = 0; c < channels; c++) upright[at++] = data[from + c]!;
    }
  }
  return { height, width, channels, data: upright };
}
