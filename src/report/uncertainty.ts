/** How far the worst case may be off, as plain text: one table for all radii, and sentences on one figure. */
import type { Result, Uncertainty } from "../journal/index.js";
import { fewImages } from "../metric/index.js";
import { alignRows, formatFigure, plural } from "./text.js";

/** The lines of the table. Empty for a result of an earlier version. */
export function uncertaintyLines({ uncertainty = [], data, protocol }: Result): string[] {
  const rows = uncertainty.flatMap((entry) => [...imagesRow(entry, data.images), ...seedsRow(entry)]);
  if (rows.length === 0) return [];
  const strict = protocol.accounting === "authors" ? "strict " : "";
  return [
    ...alignRows([
      [
        `how far the ${strict}worst case may be off`,
        data.labels === "self" ? "consistency" : "aAcc",
        "mIoU",
        "",
      ],
      ...rows,
    ]),
    ...(uncertainty.some(({ seeds }) => seeds) ? [] : [oneSeed]),
  ];
}

/** What a run of one seed cannot say. */
export const oneSeed = "other starts: unknown from one seed; --seeds 3 repeats the attacks with other starts";

function imagesRow({ eps, images }: Uncertainty, count: number): string[][] {
  if (!images) return [];
  const rough = count < fewImages ? ", a rough guide" : "";
  return [
    [
      `other images, ${eps}`,
      formatInterval(images.aAcc.interval),
      formatInterval(images.mIoU.interval),
      `95 % over ${plural(count, "image")}${rough}`,
    ],
  ];
}

function seedsRow({ eps, seeds }: Uncertainty): string[][] {
  if (!seeds) return [];
  const { single, aAcc, mIoU, imageDeviation } = seeds;
  const deviations = [aAcc, mIoU].map(({ deviation }) => formatFigure(deviation)).join(" and ");
  return [
    [
      `other starts, ${eps}`,
      formatInterval(aAcc.interval),
      formatInterval(mIoU.interval),
      `95 % for the mean of single seeds; ${plural(single.length, "seed")} deviate by ${deviations}, on one image by ${formatFigure(imageDeviation)}`,
    ],
  ];
}

/** Sentences on a figure at a radius: for other images, and with other starts. Empty for a result of an earlier version. */
export function uncertaintySentences(
  { uncertainty, data, protocol }: Pick<Result, "uncertainty" | "data" | "protocol">,
  eps: string,
  key: "mIoU" | "aAcc",
): string[] {
  const entry = uncertainty?.find((other) => other.eps === eps);
  if (!entry) return [];
  const { images, seeds } = entry;
  const strict = protocol.accounting === "authors" ? ", strict accounting" : "";
  return [
    ...(images
      ? [
          `Other images: ${formatInterval(images[key].interval)} (95 % interval over ${plural(data.images, "image")}${strict}).`,
        ]
      : []),
    seeds
      ? `Other starts: single seeds have ${formatFigure(seeds[key].mean)} ± ${formatFigure(seeds[key].deviation)} (mean and standard deviation of ${seeds.single.length}${strict}); 95 % interval of the mean ${formatInterval(seeds[key].interval)}.`
      : "Other starts: unknown from one seed (--seeds).",
  ];
}

/** `0.1234 .. 0.2345` */
function formatInterval([low, high]: readonly [number, number]): string {
  return `${formatFigure(low)} .. ${formatFigure(high)}`;
}
