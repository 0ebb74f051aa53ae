/** Published ensembles, as data. They have no knobs: a changed one gets a new name. */
import type { LossName } from "../loss/index.js";

export interface Ensemble {
  /** Losses of its APGD members, in the published order. */
  readonly losses: readonly LossName[];
  readonly source: string;
}

export type EnsembleName = "sea-2023" | "sea-2024";

export const ensembles = {
  "sea-2023": {
    losses: ["mask-ce", "balanced-ce", "js", "mask-spherical"],
    source: "arXiv 2306.12941v1, §3",
  },
  "sea-2024": {
    losses: ["class-balanced-ce", "mask-ce", "js"],
    source: "Croce, Singh, Hein, ECCV 2024 (arXiv 2306.12941v2), §3.6",
  },
} satisfies Record<EnsembleName, Ensemble>;
