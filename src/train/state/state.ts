/** The state of a training: vectors that hold what was learned so far, and where each tensor lies in them. */
import type { Tensor } from "../../base/index.js";
import { type BuiltArchitecture, isLearned, type ParameterSpec } from "../../nn/index.js";
import { type OptimizerName, optimizers } from "../graphs/optimizers.js";
import { groupParameters, type Multipliers, type ParameterGroup } from "./groups.js";
import { layOut, pack, type VectorLayout } from "./layout.js";

/** A stretch of the vector of learned parameters whose tensors share learning rate and weight decay. */
export interface GroupRange extends ParameterGroup {
  readonly start: number;
  readonly end: number;
}

/** Where parameters and running statistics lie. */
export interface ParameterLayouts {
  /** Learned parameters, group by group. */
  readonly learned: VectorLayout;
  readonly statistics: VectorLayout;
  readonly groups: readonly GroupRange[];
}

/**
 * Everything that decides the next update, besides configuration and data. An update takes one and returns the next, which
 * has the same arrays with other content: a state can be updated only once (`updateState`).
 */
export interface TrainingState {
  /** Updates done. */
  readonly step: number;
  readonly parameters: Float32Array;
  /** Running statistics of normalization layers. */
  readonly statistics: Float32Array;
  /** The optimizer's moments, in the order of its table row. */
  readonly moments: readonly Float32Array[];
  /** Exponential moving average of the parameters; undefined where none is kept. */
  readonly average: Float32Array | undefined;
  /**
   * The perturbation that replays carry from batch to batch: as many images as an update has, in all its batches.
   * Undefined without replays. Updates overwrite it.
   */
  readonly perturbation?: Float32Array | undefined;
}

/** Lays out the parameters that the training graph reads. */
export function layOutParameters(
  training: BuiltArchitecture,
  multipliers: Multipliers = {},
): ParameterLayouts {
  const read = training.parameters.filter(({ used }) => used);
  const groups = groupParameters(
    read.filter(({ kind }) => isLearned(kind)),
    multipliers,
  );
  const statistics = layOut(read.filter(({ kind }) => !isLearned(kind)));
  return {
    learned: layOut(groups.flatMap(({ parameters }) => parameters)),
    statistics,
    groups: rangesOf(groups),
  };
}

function rangesOf(groups: readonly ParameterGroup[]): GroupRange[] {
  let start = 0;
  return groups.map((group) => {
    const range = { ...group, start, end: start + lengthOf(group.parameters) };
    start = range.end;
    return range;
  });
}

const lengthOf = (parameters: readonly ParameterSpec[]) => layOut(parameters).length;

/** The state before the first update. */
export function initialState(
  { learned, statistics }: ParameterLayouts,
  weights: ReadonlyMap<string, Tensor>,
  optimizer: OptimizerName,
  averaging: boolean,
): TrainingState {
  const parameters = pack(learned, weights);
  return {
    step: 0,
    parameters,
    statistics: pack(statistics, weights),
    moments: optimizers[optimizer].moments.map(() => new Float32Array(learned.length)),
    average: averaging ? parameters.slice() : undefined,
  };
}
