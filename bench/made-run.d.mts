/** Types of the made-up run. */
import type { Shard, Soundness } from "../src/journal/index.js";

export interface MadeRun {
  readonly images?: number;
  readonly attacks?: readonly string[];
  /** Seeds, from each of which all attacks are made. */
  readonly seeds?: number;
  readonly eps?: readonly string[];
  readonly classNames?: readonly string[];
  readonly imageName?: (index: number) => string;
  readonly modelFile?: string;
  readonly dataSpec?: string;
  readonly soundness?: readonly Soundness[];
  /** Images whose attacks have traces. */
  readonly traces?: number;
  /** Number of images that differ in more than their names. */
  readonly variety?: number;
  /** Makes this shard of the run; default: the whole run. */
  readonly shard?: Shard;
}

/** Writes a run into a new folder; equal options give equal files. */
export function makeRun(dir: string, options?: MadeRun): Promise<void>;
