export const program: string;
export function seawall(...flags: string[]): string;
export function resultOf(dir: string): string;
export function journalOf(dir: string): string[];
export function runShards(flags: string[], count: number, at: (name: string) => string): number;
