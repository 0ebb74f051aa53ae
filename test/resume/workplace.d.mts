import type { Case } from "./cases.mjs";

export interface End {
  readonly code: number | string | null;
  readonly said: string;
}
export class Workplace {
  constructor(spec: Case, folder: string);
  readonly folder: string;
  startAndKill(): Promise<End>;
  leftovers(): string[];
  files(): Map<string, Buffer>;
}
export function differences(wanted: Map<string, Buffer>, found: Map<string, Buffer>): string[];
