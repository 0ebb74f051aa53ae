export function seawall(...flags: string[]): string;
export function resultOf(dir: string): string;
export function journalOf(dir: string): string[];
export function killAndResume(
  flags: string[],
  out: string,
  kills: number,
  duration: number,
  seed?: number | string,
): Promise<number>;
export function timed(work: () => void): number;
export function runShards(flags: string[], count: number, at: (name: string) => string): number;
