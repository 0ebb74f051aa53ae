/** Numbers as people read them. */

/** A fraction with the four digits that figures are given in. */
export function formatFigure(fraction: number): string {
  return fraction.toFixed(4);
}

/** A fraction as `3.1 %`. */
export function formatShare(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** A whole number as `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 image`, `2 images`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
}

/** Seconds as `0.4 s`, `12 s`, `3 min 20 s` or `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unknown";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(seconds / 60);
  if (whole < 600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  if (minutes < 60) return `${minutes} min`;
  return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
