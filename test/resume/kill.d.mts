export function seawall(...flags: string[]): void;
export function resultOf(dir: string): string;
export function killAndResume(flags: string[], out: string, kills: number, duration: number): Promise<number>;
