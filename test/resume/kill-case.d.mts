import type { Case } from "./cases.mjs";

export interface Tally {
  readonly SIGKILL: number;
  readonly SIGTERM: number;
  readonly SIGINT: number;
  readonly early: number;
  readonly runs: number;
  readonly slowest: number;
  readonly cut: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}
export function killCase(
  spec: Case,
  place: string,
  options: { readonly kills: number; readonly seed: number | string },
): Promise<Tally>;
