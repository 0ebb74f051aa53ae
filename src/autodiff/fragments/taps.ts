/** Sparse linear maps along one axis: what picking, padding and interpolating do to every line of a tensor. */
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

/** Where a position outside 0 … length − 1 reads. */
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

/** The k for which output `o` is the sum of inputs `o·k … o·k + k − 1`, or undefined. */
export function blockLength({ inputs, taps }: AxisMap): number | undefined {
  const k = inputs / taps.length;
  const sums = (terms: readonly Tap[], o: number) =>
    terms.length === k && terms.every((tap, j) => isPick(tap, o * k + j));
  return k > 1 && Number.isInteger(k) && taps.every(sums) ? k : undefined;
}

/** Inputs set apart: output `offset + i·stride` is input `i` (from the end if `reversed`), the others are zero. */
export interface Dilation {
  readonly offset: number;
  readonly stride: number;
  readonly reversed: boolean;
}

/** The dilation that a map is, or undefined. */
export function dilationOf({ inputs, taps }: AxisMap): Dilation | undefined {
  const filled = taps.flatMap((terms, o) => (terms.length > 0 ? [o] : []));
  if (inputs < 2 || filled.length !== inputs) return undefined;
  const [offset, second] = filled as [number, number];
  const stride = second - offset;
  const reversed = taps[offset]![0]!.from !== 0;
  const fits = filled.every((o, i) => {
    const from = reversed ? inputs - 1 - i : i;
    return o === offset + i * stride && taps[o]!.length === 1 && isPick(taps[o]![0]!, from);
  });
  return fits && stride > 1 ? { offset, stride, reversed } : undefined;
}

/** A run of inputs that is added to a run of outputs: `from`, `from + step`, … */
export interface Lane {
  readonly from: number;
  readonly step: 1 | -1;
}

/** Consecutive outputs that are sums of the same number of runs of inputs. */
export interface Piece {
  readonly length: number;
  readonly lanes: readonly Lane[];
}

/** Cuts the outputs into as few pieces as possible; undefined if a weight is not 1. */
export function piecesOf({ taps }: AxisMap): Piece[] | undefined {
  if (taps.some((terms) => terms.some((tap) => tap.weight !== 1))) return undefined;
  const pieces: Piece[] = [];
  for (let start = 0; start < taps.length; ) {
    const lanes = lanesAt(taps, start);
    let end = start + 1;
    while (end < taps.length && continues(lanes, taps[end]!, end - start)) end++;
    pieces.push({ length: end - start, lanes });
    start = end;
  }
  return pieces;
}

/** Runs that begin at output `o`, each in the direction of the following output's tap. */
function lanesAt(taps: AxisMap["taps"], o: number): Lane[] {
  return taps[o]!.map(({ from }, j) => ({ from, step: taps[o + 1]?.[j]?.from === from - 1 ? -1 : 1 }));
}

function continues(lanes: readonly Lane[], terms: readonly Tap[], distance: number): boolean {
  return (
    terms.length === lanes.length &&
    lanes.every(({ from, step }, j) => terms[j]!.from === from + step * distance)
  );
}

/** A block of the map's matrix: outputs `start … end − 1` read only inputs `low … high − 1`. */
export interface Block {
  readonly start: number;
  readonly end: number;
  readonly low: number;
  readonly high: number;
}

/** Cuts the outputs into one block per `size` inputs or so, each with the range of inputs that it reads. */
export function blocksOf(map: AxisMap, size: number): Block[] {
  const count = Math.max(1, Math.min(Math.round(map.inputs / size), map.taps.length));
  const cut = (i: number) => Math.round((i * map.taps.length) / count);
  return Array.from({ length: count }, (_, i) => blockOf(map, cut(i), cut(i + 1)));
}

function blockOf(map: AxisMap, start: number, end: number): Block {
  let low = map.inputs;
  let high = 0;
  for (const { from } of map.taps.slice(start, end).flat()) {
    low = Math.min(low, from);
    high = Math.max(high, from + 1);
  }
  // Outputs without a tap still need an input to be multiplied by zero.
  return low < high ? { start, end, low, high } : { start, end, low: 0, high: 1 };
}

/** The dense matrix of a block, [outputs, inputs] row by row, or transposed to [inputs, outputs]. */
export function matrixOf(map: AxisMap, block: Block, layout: "rows" | "columns"): Float32Array {
  const [outputs, inputs] = [block.end - block.start, block.high - block.low];
  const matrix = new Float32Array(outputs * inputs);
  for (let o = 0; o < outputs; o++) {
    for (const { from, weight } of map.taps[block.start + o]!) {
      const i = from - block.low;
      matrix[layout === "rows" ? o * inputs + i : i * outputs + o]! += weight;
    }
  }
  return matrix;
}

/** Multiplications per line when a map is applied as these blocks. */
export function workOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { start, end, low, high }) => sum + (end - start) * (high - low), 0);
}
