import type { Place } from "./place.mjs";

export interface Limits {
  readonly seconds: number;
  readonly clockSeconds: number;
  readonly bytes: number;
}

export interface Outcome {
  readonly code?: number;
  readonly text?: string;
  /** What ended the process. */
  readonly died?: string;
  readonly exceeded?: "time" | "memory";
  readonly seconds: number;
  readonly peak: number;
}

export class Contained {
  constructor(place: Place, limits?: Limits);
  run(folder: string, args: readonly string[]): Promise<Outcome>;
  stop(): Promise<void>;
}
