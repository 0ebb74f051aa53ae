/** How the images of a run are divided into shards: by what they cost. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SeawallError } from "../../base/index.js";
import type { DataOptions, Dataset, ShardOf, Size } from "../../data/index.js";
import { runFiles, shardName } from "../../journal/index.js";
import { readDescription, readRun } from "../../journal/index.node.js";
import { windowGrid } from "../../oracle/index.js";
import type { EvaluationConfig } from "./config.js";

/**
 * Which images to attack, as options of `openData`.
 * @param stored the shard of a run that is made again or resumed: it keeps its images, however they were chosen
 * @throws SeawallError `config` if `--costs` is given without `--shard` or names a run without records
 */
export function divisionOf(
  config: EvaluationConfig,
  stored: ShardOf | undefined = shardToResume(config),
): Pick<DataOptions, "shard" | "costOf"> {
  const { costs, shard } = config;
  if (stored) return { shard: stored, costOf: () => 1 };
  if (costs !== undefined && !shard) {
    throw new SeawallError("config", `--costs ${costs}: divides images into shards; give --shard too`);
  }
  return { shard, costOf: costs === undefined ? pixelsSeen(config) : secondsIn(costs) };
}

function shardToResume({ shard, out, resume }: EvaluationConfig): ShardOf | undefined {
  if (!shard || !resume || out === undefined || !existsSync(join(out, runFiles.run))) return undefined;
  const stored = readDescription(out).shard;
  return stored?.index === shard.index && stored.count === shard.count ? stored : undefined;
}

/** The pixels of all windows together; undefined for whole images. */
function pixelsSeen({ window, stride }: EvaluationConfig): DataOptions["costOf"] {
  if (!window) return undefined;
  const sliding = { window: extent(window), ...(stride && { stride: extent(stride) }) };
  return (_, size) => {
    const { places, height, width } = windowGrid(size, sliding);
    return places.length * height * width;
  };
}

const extent = ([height, width]: readonly [number, number]): Size => ({ height, width });

/** The microseconds of an image in a run; for one that has fewer records than others there, by its pixels. */
function secondsIn(dir: string): DataOptions["costOf"] {
  const images = new Map<string, { records: number; seconds: number; pixels: number }>();
  for (const { image, seconds, pixels } of readRun(dir).records) {
    const before = images.get(image) ?? { records: 0, seconds: 0 };
    images.set(image, { records: before.records + 1, seconds: before.seconds + seconds, pixels });
  }
  const most = Math.max(...[...images.values()].map(({ records }) => records));
  const measured = new Map([...images].filter(([, { records }]) => records === most));
  const sum = (of: "seconds" | "pixels") => [...measured.values()].reduce((all, one) => all + one[of], 0);
  if (!(sum("seconds") > 0)) {
    throw new SeawallError(
      "config",
      `--costs ${dir}: no record of this run says how long it took; leave --costs out`,
    );
  }
  const rate = sum("seconds") / sum("pixels");
  return (id, { height, width }) => Math.round(1e6 * (measured.get(id)?.seconds ?? rate * height * width));
}

export function shardNotice({ costs }: EvaluationConfig, { shard, length, total }: Dataset): string[] {
  if (!shard?.images) return [];
  const alike =
    costs === undefined ? "have about as many pixels" : `take about as long, by the times of ${costs}`;
  return [`shard ${shardName(shard)}: ${length} of the ${total} images, chosen so that all shards ${alike}`];
}
