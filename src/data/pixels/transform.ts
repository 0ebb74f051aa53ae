/** The evaluation transforms. They are planned from sizes alone and then applied to image and labels alike. */
import { SeawallError } from "../../base/index.js";
import { crop, type ImageRaster, type LabelRaster, type Size, sizeText } from "./raster.js";
import { resizeBilinear, resizeNearest } from "./resize.js";

/** The largest image that is read or made, in pixels (8192×8192). Larger ones are probably mistakes, or hostile. */
export const maxPixels = 2 ** 26;

/** One step, applied to an image and its labels alike. */
export type TransformStep =
  | { readonly kind: "resize"; readonly size: Size }
  | { readonly kind: "crop"; readonly top: number; readonly left: number; readonly size: Size };

/** A transform: chooses a step from the size of an image. */
export type Transform = (from: Size) => TransformStep;

/** Transforms of every image, applied in this order. Sizes are [height, width] in pixels. */
export interface TransformOptions {
  /** `--resize-short`: length of the short side, in pixels. */
  readonly resizeShort?: number | undefined;
  /** `--crop`: the centre part. */
  readonly crop?: readonly [height: number, width: number] | undefined;
  /** The size of a model's input, `undefined` for a side that it leaves open. May change the aspect ratio. */
  readonly size?: readonly [height: number | undefined, width: number | undefined] | undefined;
}

/** Resizes the short side to `side` pixels and the long side to ⌊long · side / short⌋, as the authors' evaluation. */
export function resizeShort(side: number): Transform {
  return ({ height, width }) => ({
    kind: "resize",
    size:
      width > height
        ? { height: side, width: Math.floor((width * side) / height) }
        : { height: Math.floor((height * side) / width), width: side },
  });
}

/**
 * Crops the centre. An offset that is not a whole number is rounded half to even, as in Python.
 * @throws SeawallError `data` when the image is smaller.
 */
export function centreCrop(height: number, width: number): Transform {
  const size = { height, width };
  return (from) => {
    if (from.height < height || from.width < width) {
      throw new SeawallError(
        "data",
        `--crop ${height}x${width} (height×width) does not fit into ${sizeText(from)} pixels (width×height); ` +
          `resize first with --resize-short ${Math.max(height, width)}, or take a smaller --crop`,
      );
    }
    const top = halfToEven(from.height - height);
    const left = halfToEven(from.width - width);
    return { kind: "crop", top, left, size };
  };
}

/** Resizes to exactly these sides, ignoring the aspect ratio. A side left out keeps its length. */
function resizeTo(height: number | undefined, width: number | undefined): Transform {
  return (from) => ({
    kind: "resize",
    size: { height: height ?? from.height, width: width ?? from.width },
  });
}

/**
 * The transforms for these options.
 * @throws SeawallError `usage` for a size that is not a positive whole number.
 */
export function transforms(options: TransformOptions): Transform[] {
  const chosen: Transform[] = [];
  if (options.resizeShort !== undefined) {
    chosen.push(resizeShort(positive("--resize-short", options.resizeShort)));
  }
  if (options.crop) chosen.push(centreCrop(...positivePair("--crop", options.crop)));
  if (options.size) {
    const [height, width] = options.size.map((side) => side && positive("the model's input size", side));
    chosen.push(resizeTo(height, width));
  }
  return chosen;
}

/**
 * The steps that the transforms choose for an image of size `from`.
 * @throws SeawallError `data` when a crop does not fit or the result is empty or above `maxPixels`.
 */
export function planSteps(from: Size, chosen: readonly Transform[]): TransformStep[] {
  let size = from;
  return chosen.map((transform) => {
    const step = transform(size);
    size = step.size;
    const pixels = size.height * size.width;
    if (pixels < 1 || pixels > maxPixels) {
      throw new SeawallError(
        "data",
        `${sizeText(from)} pixels (width×height) would become ${sizeText(size)}, expected 1 to ${maxPixels} pixels; ` +
          "remove the image or change --resize-short",
      );
    }
    return step;
  });
}

/** Applies steps to an image, resizing with BILINEAR. */
export function applyToImage(image: ImageRaster, steps: readonly TransformStep[]): ImageRaster {
  return steps.reduce(
    (now, step) =>
      step.kind === "crop" ? crop(now, step.top, step.left, step.size) : resizeBilinear(now, step.size),
    image,
  );
}

/** Applies steps to labels, resizing with NEAREST. */
export function applyToLabels(labels: LabelRaster, steps: readonly TransformStep[]): LabelRaster {
  return steps.reduce(
    (now, step) =>
      step.kind === "crop" ? crop(now, step.top, step.left, step.size) : resizeNearest(now, step.size),
    labels,
  );
}

/** `difference` / 2, with ties rounded to even. */
function halfToEven(difference: number): number {
  const lower = Math.floor(difference / 2);
  return difference % 2 === 0 || lower % 2 === 0 ? lower : lower + 1;
}

function positive(flag: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new SeawallError("usage", `${flag}: expected a positive whole number of pixels, got ${value}`);
}

function positivePair(flag: string, pair: readonly [number, number]): [number, number] {
  return [positive(flag, pair[0]), positive(flag, pair[1])];
}
