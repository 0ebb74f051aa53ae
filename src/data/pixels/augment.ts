/** The augmentations of adversarial training: random draws for an image, and their application to its pixels. */
import { type RandomStream, SeawallError } from "../../base/index.js";
import { gaussianBlur } from "./blur.js";
import { type ImageRaster, type LabelRaster, type Part, padTo, type Size } from "./raster.js";
import { resizeBilinearPart, resizeNearestPart } from "./resize.js";
import { ignored } from "./stored.js";
import { maxPixels, resizeShort } from "./transform.js";

/** Augmentations of training images. Only `crop` is required. */
export interface AugmentOptions {
  /** Size of the training crops, in pixels. */
  readonly crop: Size;
  /** Short side of an image at scale 1, in pixels; default: the short side of the crop. */
  readonly baseSize?: number | undefined;
  /** The smallest and the largest scale ([0.5, 2]). */
  readonly scale?: readonly [lowest: number, highest: number] | undefined;
  /** Probability of mirroring left and right (0.5). */
  readonly flip?: number | undefined;
  /** Probability of a Gaussian blur with a radius uniform in [0, 1] pixels (0.5). */
  readonly blur?: number | undefined;
  /** Label of padding where an image is smaller than the crop (−1: the pixels are not counted). */
  readonly padLabel?: number | undefined;
}

/** Every option with its value. */
export type CompleteAugment = { readonly [K in keyof AugmentOptions]-?: NonNullable<AugmentOptions[K]> };

/** The random draws for one image. With the pixels, they determine the crop. */
export interface Augmentation {
  readonly mirrored: boolean;
  /** Size of the whole image after scaling. */
  readonly scaled: Size;
  /** The part cut out of the scaled image; smaller than the crop if the image is. */
  readonly part: Part;
  /** Radius of the Gaussian blur; 0 changes nothing. */
  readonly blurRadius: number;
}

/**
 * Fills in the defaults, which are the augmentations of Croce et al. (2024).
 * @throws SeawallError `usage` naming the option and its allowed values
 */
export function completeAugment(options: AugmentOptions): CompleteAugment {
  const { crop, baseSize = Math.min(crop.height, crop.width), scale = [0.5, 2] } = options;
  const { flip = 0.5, blur = 0.5, padLabel = ignored } = options;
  const whole = (value: number) => Number.isSafeInteger(value) && value > 0;
  const chance = (value: number) => value >= 0 && value <= 1;
  expect(whole(crop.height) && whole(crop.width), "crop", "a positive whole number of pixels each way");
  expect(crop.height * crop.width <= maxPixels, "crop", `at most ${maxPixels} pixels`);
  expect(whole(baseSize) && baseSize <= maxPixels, "baseSize", "a positive whole number of pixels");
  expect(
    scale[0] <= scale[1] && Math.floor(scale[0] * baseSize) >= 1 && scale[1] * baseSize <= maxPixels,
    "scale",
    "lowest and highest, whose products with baseSize are at least one pixel",
  );
  expect(chance(flip), "flip", "a probability from 0 to 1");
  expect(chance(blur), "blur", "a probability from 0 to 1");
  expect(Number.isSafeInteger(padLabel) && padLabel >= ignored, "padLabel", "a class, or -1");
  return { crop, baseSize, scale, flip, blur, padLabel };
}

function expect(condition: boolean, option: string, expected: string): void {
  if (!condition) throw new SeawallError("usage", `augmentation: ${option} must be ${expected}`);
}

/**
 * Draws the augmentation of an image of size `from`, in the published order: flip, scale, crop, blur. Always takes six
 * random numbers, so that changing one option does not change the draws of the others.
 */
export function drawAugmentation(from: Size, options: CompleteAugment, random: RandomStream): Augmentation {
  const { crop, baseSize, scale, flip, blur } = options;
  const [flipped, scaling, down, right, blurred, radius] = Array.from({ length: 6 }, () => random.next());
  const short = between(Math.floor(scale[0] * baseSize), Math.floor(scale[1] * baseSize), scaling!);
  const scaled = resizeShort(short)(from).size;
  const height = Math.min(crop.height, scaled.height);
  const width = Math.min(crop.width, scaled.width);
  const top = between(0, scaled.height - height, down!);
  const left = between(0, scaled.width - width, right!);
  return {
    mirrored: flipped! < flip,
    scaled,
    part: { top, left, height, width },
    blurRadius: blurred! < blur ? radius! : 0,
  };
}

/** Maps a number in [0, 1) to a whole number from `lowest` to `highest`, both included. */
function between(lowest: number, highest: number, uniform: number): number {
  return lowest + Math.floor(uniform * (highest - lowest + 1));
}

/** The crop of an image, padded with black. */
export function augmentImage(image: ImageRaster, drawn: Augmentation, crop: Size): ImageRaster {
  const part = resizeBilinearPart(image, drawn.scaled, drawn.part, drawn.mirrored);
  return gaussianBlur(padTo(part, crop, 0), drawn.blurRadius);
}

/** The crop of the same image's labels, padded with `padLabel`. */
export function augmentLabels(
  labels: LabelRaster,
  drawn: Augmentation,
  crop: Size,
  padLabel: number,
): LabelRaster {
  return padTo(resizeNearestPart(labels, drawn.scaled, drawn.part, drawn.mirrored), crop, padLabel);
}
