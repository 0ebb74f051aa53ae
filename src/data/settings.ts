/** Settings about data that every command has. */
import { z } from "zod";

export const dataFields = {
  data: z.string().min(1).describe("folder:IMAGES,LABELS, camvid:ROOT, voc:ROOT, sbd:ROOT or ade20k:ROOT"),
  limit: z.int().min(1).optional().describe("first N images only"),
  classes: z
    .union([z.int().min(1), z.string().min(1)])
    .optional()
    .describe("number of classes, or a file with one name a line; default: the data set's"),
  ignoreLabel: z
    .int()
    .min(-1)
    .optional()
    .describe("pixels with this label count nowhere; default: the data set's"),
};
