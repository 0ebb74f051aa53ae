/** Sparse linear maps along one axis, such as picking, padding and interpolating. */
import { invariant } from "../../base/index.js";

/** One term of an output: `weight` times the input at `from`. */
export interface Tap {
  readonly from: number;
  readonly weight: number;
}

/** A linear map from lines of `inputs` numbers to lines of `taps.length` numbers; an output sums its taps. */
export interface AxisMap {
  readonly inputs: number;
  readonly taps: readonly (readonly Tap[])[];
}

/** The map whose output `o` is the input at `indices[o]`, or zero where the index is −1. */
export function picks(indices: readonly number[], inputs: number): AxisMap {
  invariant(
    indices.every((index) => index >= -1 && index < inputs),
    `an index is outside an axis of length ${inputs}`,
  );
  return { inputs, taps: indices.map((from) => (from < 0 ? [] : [{ from, weight: 1 }])) };
}

/** The map that leaves lines of `length` numbers as they are. */
export function identity(length: number): AxisMap {
  return picks(
    Array.from({ length }, (_, i) => i),
    length,
  );
}

export type PadMode = "edge" | "reflect" | "wrap";

/** The map that pads lines by repeating them; negative pads cut, before anything is repeated. */
export function padding(mode: PadMode, length: number, before: number, after: number): AxisMap {
  const low = Math.max(0, -before);
  const kept = length - low - Math.max(0, -after);
  const repeat = repeats[mode];
  const outputs = length + before + after;
  const start = Math.min(0, -before);
  return picks(
    Array.from({ length: outputs }, (_, o) => low + repeat(start + o, kept)),
    length,
  );
}

/** The position that is read instead of one outside 0 … length − 1. */
const repeats: Record<PadMode, (position: number, length: number) => number> = {
  edge: (position, length) => Math.max(0, Math.min(position, length - 1)),
  wrap: (position, length) => modulo(position, length),
  reflect: (position, length) => {
    const period = Math.max(1, 2 * (length - 1));
    const phase = modulo(position, period);
    return phase < length ? phase : period - phase;
  },
};

function modulo(a: number, b: number): number {
  return ((a % b) + b) % b;
}

/** The adjoint map: gradients at the outputs to gradients at the inputs. Taps are sorted by `from`. */
export function transposed(map: AxisMap): AxisMap {
  const taps = Array.from({ length: map.inputs }, (): Tap[] => []);
  for (const [output, terms] of map.taps.entries()) {
    for (const { from, weight } of terms) {
      const last = taps[from]!.at(-1);
      if (last?.from === output) taps[from]![taps[from]!.length - 1] = merged(last, weight);
      else taps[from]!.push({ from: output, weight });
    }
  }
  return { inputs: map.taps.length, taps };
}

function merged(tap: Tap, weight: number): Tap {
  return { from: tap.from, weight: tap.weight + weight };
}

export function isIdentity({ inputs, taps }: AxisMap): boolean {
  return taps.length === inputs && taps.every((terms, o) => terms.length === 1 && isPick(terms[0]!, o));
}

function isPick(tap: Tap, from: number): boolean {
  return tap.from === from && tap.weight === 1;
}
