/** The augmentations of adversarial training: what is drawn for an image, and what that makes of its pixels. */
import { type RandomStream, SeawallError } from "../../base/index.js";
import { gaussianBlur } from "./blur.js";
import { ignored } from "./labels.js";
import { type ImageRaster, type LabelRaster, type Part, padTo, type Size } from "./raster.js";
import { resizeBilinearPart, resizeNearestPart } from "./resize.js";
import { maxPixels, resizeShort } from "./transform.js";

/** What is done to training images; all but `crop` may be left out. */
export interface AugmentOptions {
  /** Size of what the model is trained on, in pixels. */
  readonly crop: Size;
  /** The short side that a scale of 1 stands for, in pixels; default: the short side of the crop. */
  readonly baseSize?: number | undefined;
  /** The smallest and the largest scale ([0.5, 2]). */
  readonly scale?: readonly [lowest: number, highest: number] | undefined;
  /** Probability of exchanging left and right (0.5). */
  readonly flip?: number | undefined;
  /** Probability of a Gaussian blur with a radius uniform in [0, 1] pixels (0.5). */
  readonly blur?: number | undefined;
  /** The class of pixels beyond an image smaller than the crop (−1: they count nowhere). */
  readonly padLabel?: number | undefined;
}

/** Every option with its value. */
export type CompleteAugment = { readonly [K in keyof AugmentOptions]-?: NonNullable<AugmentOptions[K]> };

/** What was drawn for one image; decides the crop together with the pixels. */
export interface Augmentation {
  readonly mirrored: boolean;
  /** Size of the whole image after scaling. */
  readonly scaled: Size;
  /** What is cut out of the scaled image; smaller than the crop where the image is. */
  readonly part: Part;
  /** Radius of the Gaussian blur; 0 changes nothing. */
  readonly blurRadius: number;
}

/**
 * The options with defaults: the augmentations of Croce et al. (2024) unless said otherwise.
 * @throws SeawallError `usage` naming the option and what it may be
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
 * Draws for an image of a size, in the published order: flip, scale, crop, blur. Six numbers are taken whatever
 * the options are, so that changing one option leaves what the others draw.
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

/** A whole number from `lowest` to `highest`, both included, for a number in [0, 1). */
function between(lowest: number, highest: number, uniform: number): number {
  return lowest + Math.floor(uniform * (highest - lowest + 1));
}

/** The crop of an image; what lies beyond it is black. */
export function augmentImage(image: ImageRaster, drawn: Augmentation, crop: Size): ImageRaster {
  const part = resizeBilinearPart(image, drawn.scaled, drawn.part, drawn.mirrored);
  return gaussianBlur(padTo(part, crop, 0), drawn.blurRadius);
}

/** The crop of the labels of the same image; what lies beyond it is `padLabel`. */
export function augmentLabels(
  labels: LabelRaster,
  drawn: Augmentation,
  crop: Size,
  padLabel: number,
): LabelRaster {
  return padTo(resizeNearestPart(labels, drawn.scaled, drawn.part, drawn.mirrored), crop, padLabel);
}
