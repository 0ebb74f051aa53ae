/** From a configuration to how its data are opened. */
import { SeawallError } from "../../base/index.js";
import {
  type DataOptions,
  type DatasetTable,
  imageEncoding,
  maxPixels,
  parseDataSpec,
  type TransformOptions,
} from "../../data/index.js";
import type { ImageInput } from "../../oracle/index.js";
import type { EvaluationConfig } from "./config.js";

/** The settings that say which data are opened, and how. */
export type DataChoice = Pick<EvaluationConfig, "model" | "data" | "labels" | "protocol"> &
  Partial<EvaluationConfig>;

/**
 * How the data of a run are opened, the shard apart.
 * @param classes those of the configuration, read from their file where they are one
 * @throws SeawallError for a crop that the model's input does not take, and for a model of too large images
 */
export function dataOptionsOf(
  config: DataChoice,
  input: ImageInput,
  classes: DataOptions["classes"],
  datasets?: DatasetTable,
): DataOptions {
  const { labels, split, limit, offset, ignoreLabel, labelMap, palette, labelSuffix } = config;
  const labelVariant = config.labelVariant ?? publishedEvaluation(config, datasets)?.labelVariant;
  return {
    ...{ labels, split, limit, offset, ignoreLabel, classes, labelVariant, datasets },
    ...{ labelMap, palette, labelSuffix },
    transform: transformOf(config, input),
    encoding: imageEncoding(config, input.channels),
  };
}

/** What the publication does with this data set otherwise, where the run follows the publication. */
export function publishedEvaluation({ protocol, data }: DataChoice, datasets: DatasetTable | undefined) {
  return protocol === "authors" ? parseDataSpec(data, datasets).layout.published : undefined;
}

function transformOf(
  { model, resizeShort, crop, window }: DataChoice,
  { size, info }: ImageInput,
): TransformOptions {
  const { height, width } = size;
  if ((height ?? 1) * (width ?? 1) > maxPixels) {
    throw new SeawallError(
      "model",
      `${model}: input "${info.name}" is fixed at ${sidesText(height, width)}, expected at most ${maxPixels} pixels; check the origin of the file, or export it with an open size`,
    );
  }
  const asked = { ...(resizeShort && { resizeShort }), ...(crop && { crop }) };
  // Windows have the size that the model fixes; images keep their own.
  if (window) return asked;
  if (crop && (crop[0] !== (height ?? crop[0]) || crop[1] !== (width ?? crop[1]))) {
    throw new SeawallError(
      "config",
      `--crop ${crop.join("x")}: the model's input "${info.name}" is fixed at ${sidesText(height, width)}; leave --crop out or export the model with an open size`,
    );
  }
  if (crop || (height === undefined && width === undefined)) return asked;
  return { ...asked, size: [height, width] };
}

/** What is said of images that are resized to the size that a model fixes. */
export function sizeNotice({ transform }: DataOptions): string[] {
  if (!transform?.size) return [];
  return [
    `images of another size are resized to the model's ${sidesText(...transform.size)}, labels by nearest neighbour`,
  ];
}

/** "480×640"; an open side reads "any". */
function sidesText(height: number | undefined, width: number | undefined): string {
  return `${height ?? "any"}×${width ?? "any"} (height×width)`;
}
