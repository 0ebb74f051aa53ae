/** Settings about data that every command has. */
import { z } from "zod";
import type { ImageEncoding } from "./pixels/encoding.js";
import { palettes } from "./pixels/palettes.js";
import { dataForms, labelVariantForms } from "./spec.js";

/** How the values of image files become channels. */
export const encodingFields = {
  bands: z
    .union([z.array(z.int().min(1)).min(1), z.literal("luma")])
    .optional()
    .describe(
      "bands of the image files for the model's channels, counted from 1, as 4,3,2; luma: brightness of colour images",
    ),
  pixelRange: z
    .tuple([z.number(), z.number()])
    .refine(([black, white]) => black < white, "expected black below white, as 0,4095")
    .optional()
    .describe(
      "stored values of black and white; radii are shares of this range; default 0,255 for 8 bits, 0,65535 for 16 bits, 0,1 for floats",
    ),
  exifOrientation: z
    .enum(["apply", "ignore"])
    .optional()
    .describe("whether images are turned as their EXIF orientation says; default: apply"),
};

/** Settings of `encodingFields` and the number of channels as the data module takes them. */
export function imageEncoding(
  settings: {
    readonly bands?: readonly number[] | "luma" | undefined;
    readonly pixelRange?: readonly [number, number] | undefined;
    readonly exifOrientation?: "apply" | "ignore" | undefined;
  },
  channels: ImageEncoding["channels"],
): ImageEncoding {
  const { bands, pixelRange: range, exifOrientation: orientation } = settings;
  return { channels, ...(bands && { bands }), ...(range && { range }), ...(orientation && { orientation }) };
}

export const dataFields = {
  data: z.string().min(1).describe(`images and labels: ${dataForms()}`),
  limit: z.int().min(1).optional().describe("use only the first N images"),
  classes: z
    .union([z.int().min(1), z.string().min(1)])
    .optional()
    .describe("number of classes, or a file with one class name a line; default: those of the data set"),
  ignoreLabel: z
    .union([z.int().min(-1), z.array(z.int().min(0)).min(1).readonly()])
    .optional()
    .describe(
      "pixels with this label, or one of these labels, count nowhere, -1 for none; default: that of the data set",
    ),
  labelMap: z
    .string()
    .min(1)
    .optional()
    .describe(
      "class of each stored value: entries such as 255:1,7:ignore,1-11:0-10, reduce-zero (label - 1, 0 counts nowhere), cityscapes-ids, or a file with one line a class",
    ),
  palette: z
    .string()
    .min(1)
    .optional()
    .describe(
      `labels are colours: ${Object.keys(palettes).join(", ")}, or a file with one line a class (red green blue and its name)`,
    ),
  labelSuffix: z
    .string()
    .min(1)
    .optional()
    .describe(
      "what names of label files have at the end and names of images lack, such as _mask; default: nothing, or the known suffix that fits",
    ),
  labelVariant: z
    .string()
    .min(1)
    .optional()
    .describe(`another reading of the labels: ${labelVariantForms()}`),
};
