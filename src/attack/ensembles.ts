/** Ensembles, as data. They have no options: a changed ensemble gets a new name. */
import type { RadiusSchedule } from "./attack.js";

export interface EnsembleMember {
  /** As users write it, for example `apgd:mask-ce`. */
  readonly attack: string;
  /** Its steps, as a share of `--steps` (rounded, at least 1), or an absolute number; default as many as asked for. */
  readonly steps?: { readonly share: number } | { readonly exactly: number };
  /** Default: the schedule that was asked for. */
  readonly radiusSchedule?: RadiusSchedule;
}

export interface Ensemble {
  /** Its attacks, in the order in which they run. */
  readonly members: readonly EnsembleMember[];
  /** The published code whose accounting `--protocol authors` follows; default: that of 2024. */
  readonly publishedVersion?: "2023" | "2024";
  readonly source: string;
}

const full = (attack: string): EnsembleMember => ({ attack });
const third = (attack: string): EnsembleMember => ({ attack, steps: { share: 1 / 3 } });

export const ensembles = {
  "sea-2023": {
    members: ["apgd:mask-ce", "apgd:balanced-ce", "apgd:js", "apgd:mask-spherical"].map(full),
    publishedVersion: "2023",
    source: "arXiv 2306.12941v1, §3",
  },
  "sea-2024": {
    members: ["apgd:class-balanced-ce", "apgd:mask-ce", "apgd:js"].map(full),
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
    ].map(full),
    source: "the union of both, and an attack without gradients",
  },
  surge: {
    members: [
      { attack: "apgd:cospgd", steps: { share: 1 } },
      { attack: "sharpen:expected-accuracy", steps: { share: 0.8 } },
      { attack: "reopen:expected-miou", steps: { share: 2.05 } },
    ],
    source:
      "Seawall: broad first, sharp last, for the accuracy and for the mIoU of the set; as many passes as sea-2023",
  },
  "surge-fast": {
    members: [
      { attack: "apgd:cospgd", steps: { share: 0.85 } },
      { attack: "sharpen:expected-miou", steps: { share: 0.42 } },
    ],
    source: "Seawall: the same in a third of the passes",
  },
  "sea-two-speed": {
    members: [
      ...["apgd:mask-ce", "apgd:js"].map(full),
      ...["apgd:balanced-ce", "apgd:mask-spherical"].map(third),
    ],
    source: "sea-2023 at two thirds of its cost, for regression tests; no paper has figures of it",
  },
} satisfies Record<string, Ensemble>;

export type EnsembleName = keyof typeof ensembles;
