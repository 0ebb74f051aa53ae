/** Ensembles, as data. They have no knobs: a changed one gets a new name. */

export interface Ensemble {
  /** Its attacks, in their order; APGD members take the radius schedule that was asked for. */
  readonly members: readonly string[];
  readonly source: string;
}

export type EnsembleName = "sea-2023" | "sea-2024" | "strongest";

export const ensembles = {
  "sea-2023": {
    members: ["apgd:mask-ce", "apgd:balanced-ce", "apgd:js", "apgd:mask-spherical"],
    source: "arXiv 2306.12941v1, §3",
  },
  "sea-2024": {
    members: ["apgd:class-balanced-ce", "apgd:mask-ce", "apgd:js"],
    source: "Croce, Singh, Hein, ECCV 2024 (arXiv 2306.12941v2), §3.6",
  },
  strongest: {
    members: [
      "apgd:mask-ce",
      "apgd:balanced-ce",
      "apgd:js",
      "apgd:mask-spherical",
      "apgd:class-balanced-ce",
      "square",
    ],
    source: "the union of both, and an attack without gradients",
  },
} satisfies Record<EnsembleName, Ensemble>;
