/** Formatting of numbers and of untrusted text for people. */

/**
 * Text that may come from a file, as one line that no terminal obeys: control characters, line ends and marks that change
 * the direction of text as JSON writes them, \\n or \\u001b.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu,
    (mark) => shortEscapes[mark] ?? escapeUnicode(mark),
  );
}

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeUnicode(mark: string): string {
  return `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A fraction with four decimals: `0.1234`. */
export function formatFigure(fraction: number): string {
  return fraction.toFixed(4);
}

/** A fraction as a percentage with one decimal: `3.1 %`. */
export function formatShare(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** An integer with thousands separators: `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A count with its noun: `1 image`, `2 images`, `2 classes`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
}

/** A number of seconds as `0.4 s`, `12 s`, `3 min 20 s` or `2 h 5 min`; `unknown` if it is not finite. */
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
