/** Settings about data that every command has. */
import { z } from "zod";
import { dataForms, labelVariantForms } from "./spec.js";

export const dataFields = {
  data: z.string().min(1).describe(`images and labels: ${dataForms()}`),
  limit: z.int().min(1).optional().describe("use only the first N images"),
  classes: z
    .union([z.int().min(1), z.string().min(1)])
    .optional()
    .describe("number of classes, or a file with one class name a line; default: those of the data set"),
  ignoreLabel: z
    .int()
    .min(-1)
    .optional()
    .describe("pixels with this label count nowhere, -1 for none; default: that of the data set"),
  labelVariant: z
    .string()
    .min(1)
    .optional()
    .describe(`another reading of the labels: ${labelVariantForms()}`),
};
