export interface Finding {
  readonly format: string;
  readonly seed: number | string;
  /** Counted from 0 within the format. */
  readonly number: number;
  readonly mutation: string;
  readonly problem: string;
}

export interface Tally {
  readonly format: string;
  readonly files: number;
  readonly accepted: number;
  readonly refused: number;
  /** Seconds of processors. */
  readonly slowest: number;
  /** Bytes at the peak; 0 where the system does not tell. */
  readonly memory: number;
  readonly findings: readonly Finding[];
}

export interface FuzzOptions {
  readonly seed: number | string;
  readonly isEnough: (files: number) => boolean;
  readonly keep?: string;
  readonly onFinding?: (finding: Finding) => void;
  readonly onCase?: (tally: Tally) => void;
}

export function fuzz(format: string, options: FuzzOptions): Promise<Tally>;
