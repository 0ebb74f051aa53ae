/** Structure of a sparse linear map along an axis: copies, sums of neighbours, spreading, or a banded matrix. */
import type { AxisMap, Tap } from "../../../autodiff/index.js";

/** The k for which output `o` is the sum of inputs `o·k … o·k + k − 1`, or undefined. */
export function blockLength({ inputs, taps }: AxisMap): number | undefined {
  const k = inputs / taps.length;
  const sums = (terms: readonly Tap[], o: number) =>
    terms.length === k && terms.every((tap, j) => isCopy(tap, o * k + j));
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
    return o === offset + i * stride && taps[o]!.length === 1 && isCopy(taps[o]![0]!, from);
  });
  return fits && stride > 1 ? { offset, stride, reversed } : undefined;
}

/** A run of inputs that is added to a run of outputs: `from`, `from + step`, … */
export interface TapRun {
  readonly from: number;
  readonly step: 1 | -1;
}

/** Consecutive outputs that are sums of the same number of runs of inputs. */
export interface Piece {
  readonly length: number;
  readonly runs: readonly TapRun[];
}

/** Cuts the outputs into as few pieces as possible; undefined if a weight is not 1. */
export function piecesOf({ taps }: AxisMap): Piece[] | undefined {
  if (taps.some((terms) => terms.some((tap) => tap.weight !== 1))) return undefined;
  const pieces: Piece[] = [];
  for (let start = 0; start < taps.length; ) {
    const runs = runsAt(taps, start);
    let end = start + 1;
    while (end < taps.length && continues(runs, taps[end]!, end - start)) end++;
    pieces.push({ length: end - start, runs });
    start = end;
  }
  return pieces;
}

/** Runs that begin at output `o`, each in the direction of the following output's tap. */
function runsAt(taps: AxisMap["taps"], o: number): TapRun[] {
  return taps[o]!.map(({ from }, j) => ({ from, step: taps[o + 1]?.[j]?.from === from - 1 ? -1 : 1 }));
}

function continues(runs: readonly TapRun[], terms: readonly Tap[], distance: number): boolean {
  return (
    terms.length === runs.length &&
    runs.every(({ from, step }, j) => terms[j]!.from === from + step * distance)
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

/** The input at `from`, unchanged. */
function isCopy(tap: Tap, from: number): boolean {
  return tap.from === from && tap.weight === 1;
}

/** Every input repeated `times` times and multiplied by `weight`. */
export interface Repetition {
  readonly times: number;
  readonly weight: number;
}

/** The repetition that a map is, or undefined. */
export function repetitionOf({ inputs, taps }: AxisMap): Repetition | undefined {
  const times = taps.length / inputs;
  const weight = taps[0]?.[0]?.weight;
  if (!Number.isInteger(times) || weight === undefined) return undefined;
  const repeats = (terms: readonly Tap[], o: number) =>
    terms.length === 1 && terms[0]!.weight === weight && terms[0]!.from === Math.floor(o / times);
  return taps.every(repeats) ? { times, weight } : undefined;
}
