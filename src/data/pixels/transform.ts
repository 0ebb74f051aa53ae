/** The evaluation transforms: sizes first, pixels after, so that image and labels always move together. */
import { SeawallError } from "../../base/index.js";
import { crop, type ImageRaster, type LabelRaster, type Size, sizeText } from "./raster.js";
import { resizeBilinear, resizeNearest } from "./resize.js";

/** The largest image that is read or made, in pixels (8192×8192): more is a mistake or an attack on memory. */
export const maxPixels = 2 ** 26;

/** One thing that happens to an image and its labels alike. */
export type TransformStep =
  | { readonly kind: "resize"; readonly size: Size }
  | { readonly kind: "crop"; readonly top: number; readonly left: number; readonly size: Size };

/** A transform decides from the size of an image what happens to it. */
export type Transform = (from: Size) => TransformStep;

/** What to do with every image, in this order; sizes are [height, width] in pixels. */
export interface TransformOptions {
  /** `--resize-short`: length of the short side. */
  readonly resizeShort?: number | undefined;
  /** `--crop`: the centre part. */
  readonly crop?: readonly [height: number, width: number] | undefined;
  /** The size of a model's input, `undefined` for a side that it leaves open; changes the aspect ratio where it must. */
  readonly size?: readonly [height: number | undefined, width: number | undefined] | undefined;
}

/** The short side becomes `side` pixels, the long side ⌊long · side / short⌋ (the authors' evaluation). */
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
 * The centre part; where it cannot lie in the middle the offset is rounded half to even, as Python rounds.
 * @throws SeawallError `data` when the image is smaller.
 */
export function centreCrop(height: number, width: number): Transform {
  const size = { height, width };
  return (from) => {
    if (from.height < height || from.width < width) {
      throw new SeawallError(
        "data",
        `a crop of ${sizeText(size)} does not fit into ${sizeText(from)} pixels; ` +
          `resize first with --resize-short ${Math.max(height, width)}, or take a smaller --crop`,
      );
    }
    const top = halfToEven(from.height - height);
    const left = halfToEven(from.width - width);
    return { kind: "crop", top, left, size };
  };
}

/** Exactly these sides, whatever the aspect ratio; a side left out keeps its length. */
function resizeTo(height: number | undefined, width: number | undefined): Transform {
  return (from) => ({
    kind: "resize",
    size: { height: height ?? from.height, width: width ?? from.width },
  });
}

/**
 * The transforms that the options ask for.
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
 * What the transforms do to an image of a size.
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
        `${sizeText(from)} pixels would become ${sizeText(size)}, expected 1 to ${maxPixels} pixels; ` +
          "take the image out or change --resize-short",
      );
    }
    return step;
  });
}

/** The image after the steps (BILINEAR where it is resized). */
export function applyToImage(image: ImageRaster, steps: readonly TransformStep[]): ImageRaster {
  return steps.reduce(
    (now, step) =>
      step.kind === "crop" ? crop(now, step.top, step.left, step.size) : resizeBilinear(now, step.size),
    image,
  );
}

/** The labels after the steps (NEAREST where they are resized). */
export function applyToLabels(labels: LabelRaster, steps: readonly TransformStep[]): LabelRaster {
  return steps.reduce(
    (now, step) =>
      step.kind === "crop" ? crop(now, step.top, step.left, step.size) : resizeNearest(now, step.size),
    labels,
  );
}

/** `difference` / 2, a tie going to the even neighbour. */
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
