/** Types of the figures that tests look at. */
export interface Result {
  backbone: string;
  start: "clean" | "robust";
  steps: number;
  epochs: number;
  seed: number;
  figures: { aAcc: number; mIoU: number };
}

export interface Gain {
  difference: { mean: number; interval: readonly [low: number, high: number] };
  visible: number;
}

export function comparisons(results: readonly Result[]): { mIoU: Gain }[];

export function stepGains(results: readonly Result[]): {
  start: string;
  epochs: number;
  more: number;
  fewer: number;
  sameEpochs: Gain;
  samePasses: Gain | undefined;
}[];

export function ratios(results: readonly Result[]): {
  epochs: number;
  single: number[];
  mean: { mean: number } | null;
}[];
