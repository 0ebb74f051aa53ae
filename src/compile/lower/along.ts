/** Maps along an axis as nodes: copies, sums, a gather or matrix products. */
import {
  type AxisMap,
  type AxisProducts,
  isIdentity,
  padZeros,
  withLength,
  zerosOf,
} from "../../autodiff/index.js";
import { float32, sizeOf } from "../../base/index.js";
import type { GraphBuilder, Value } from "../../onnx/index.js";
import {
  type Block,
  blockLength,
  blocksOf,
  dilationOf,
  matrixOf,
  type Piece,
  piecesOf,
  type TapRun,
  workOf,
} from "./facts/maps.js";
import { cpuThresholds } from "./facts/thresholds.js";

/** A value of known shape and the axis along which it is mapped. */
interface Line {
  readonly build: GraphBuilder;
  readonly value: Value;
  readonly shape: readonly number[];
  readonly axis: number;
}

/** Writes a map in one form, or returns undefined if the map does not have that form. */
type Way = (line: Line, map: AxisMap) => Value | undefined;

/** Ways in which a target writes maps. The first that fits is taken; the last one fits every map. */
export interface AlongForms {
  readonly ways: readonly Way[];
}

/** The fewest nodes that need no large constant. */
export const plainForms: AlongForms = { ways: [untouched, empty, blockSums, gathered, multipliedWhole] };

/** From the cheapest on ONNX Runtime's CPU. */
export const cpuForms: AlongForms = {
  ways: [untouched, empty, blockSums, dilated, pieced, gathered, multiplied],
};

/**
 * Applies `map` to every line of `value` along `axis`.
 * @param shape static shape of `value`; its length along `axis` is `map.inputs`
 */
export function applyAlong(
  build: GraphBuilder,
  value: Value,
  shape: readonly number[],
  axis: number,
  map: AxisMap,
  { ways }: AlongForms,
): Value {
  for (const way of ways) {
    const result = way({ build, value, shape, axis }, map);
    if (result !== undefined) return result;
  }
  throw new Error("internal: no way to apply a map along an axis");
}

/** True if a map is written as copies and few sums, without a matrix product. */
export function isCopying(map: AxisMap): boolean {
  return (
    isIdentity(map) ||
    blockLength(map) !== undefined ||
    dilationOf(map) !== undefined ||
    fewPieces(map) !== undefined ||
    isSingle(map)
  );
}

/** Applies one map per axis, in the order that needs the fewest multiplications. */
export function applyAlongAxes(
  build: GraphBuilder,
  value: Value,
  { shape, maps }: AxisProducts,
  forms: AlongForms,
): Value {
  const current = [...shape];
  return [...maps]
    .sort(([, a], [, b]) => costFirst(a, b) - costFirst(b, a))
    .reduce((mapped, [axis, map]) => {
      const result = applyAlong(build, mapped, current, axis, map, forms);
      current[axis] = map.taps.length;
      return result;
    }, value);
}

/** Multiplications per element when `a` goes first and `b` works on what it leaves. */
function costFirst(a: AxisMap, b: AxisMap): number {
  const each = (map: AxisMap) => workOf(blocksOf(map, cpuThresholds.blockSize.value)) / map.inputs;
  return each(a) + (a.taps.length / a.inputs) * each(b);
}

function padAxis({ build, value, shape, axis }: Line, before: number, after: number): Value {
  const only = (pad: number) => shape.map((_, i) => (i === axis ? pad : 0));
  return padZeros(build, value, only(before), only(after));
}

function untouched({ value }: Line, map: AxisMap): Value | undefined {
  return isIdentity(map) ? value : undefined;
}

function empty({ build, shape, axis }: Line, map: AxisMap): Value | undefined {
  const target = withLength(shape, axis, map.taps.length);
  return sizeOf(shape) === 0 || sizeOf(target) === 0 ? zerosOf(build, target) : undefined;
}

function blockSums({ build, value, shape, axis }: Line, map: AxisMap): Value | undefined {
  const k = blockLength(map);
  if (k === undefined) return undefined;
  const apart = build.reshape(value, withLength(shape, axis, map.taps.length, k));
  return build.reduce("ReduceSum", apart, [axis + 1], false);
}

/**
 * Each input becomes a block of `stride` outputs, zero but for one. Zeros are concatenated rather than padded: Pad of
 * every element by itself takes about twenty times as long on ONNX Runtime's CPU.
 */
function dilated(line: Line, map: AxisMap): Value | undefined {
  const dilation = dilationOf(map);
  if (dilation === undefined) return undefined;
  const { build, shape, axis } = line;
  const { offset, stride, reversed } = dilation;
  const forward = reversed ? slice(line, { from: map.inputs - 1, step: -1 }, map.inputs) : line.value;
  const column = build.reshape(forward, withLength(shape, axis, map.inputs, 1));
  const zeros = (width: number) =>
    width > 0 ? [zerosOf(build, withLength(shape, axis, map.inputs, width))] : [];
  const place = offset % stride;
  const blocks = build.concat([...zeros(place), column, ...zeros(stride - 1 - place)], axis + 1);
  const joined = build.reshape(blocks, withLength(shape, axis, map.inputs * stride));
  const before = offset - place;
  return padAxis({ ...line, value: joined }, before, map.taps.length - before - map.inputs * stride);
}

function slice({ build, value, axis }: Line, { from, step }: TapRun, length: number): Value {
  if (step === 1) return build.slice(value, [axis], [from], [from + length]);
  // An end before the first element has to be written as one that is far out: −1 would mean the last element.
  const end = from - length;
  return build.slice(value, [axis], [from], [end < 0 ? -(2 ** 31) : end], [-1]);
}

/** The pieces of a map that takes few slices. */
function fewPieces(map: AxisMap): Piece[] | undefined {
  const pieces = piecesOf(map);
  const slices = pieces?.reduce((sum, piece) => sum + (isRun(piece) ? 1 : Math.max(1, piece.runs.length)), 0);
  return slices !== undefined && slices <= cpuThresholds.slices.value ? pieces : undefined;
}

/** Outputs in a few pieces, each the sum of slices: padding, cropping, reflecting, splitting. */
function pieced(line: Line, map: AxisMap): Value | undefined {
  const pieces = fewPieces(map);
  if (pieces === undefined) return undefined;
  const { build, shape, axis } = line;
  const isZero = ({ runs }: Piece) => runs.length === 0;
  if (pieces.every(isZero)) return zerosOf(build, withLength(shape, axis, map.taps.length));
  // Zeros at the ends come by padding.
  const first = isZero(pieces[0]!) ? 1 : 0;
  const last = pieces.length - (isZero(pieces.at(-1)!) ? 1 : 0);
  const written = pieces.slice(first, last).map((piece) => writePiece(line, map, piece));
  const value = written.length === 1 ? written[0]! : build.concat(written, axis);
  return padAxis(
    { ...line, value },
    first ? pieces[0]!.length : 0,
    last < pieces.length ? pieces.at(-1)!.length : 0,
  );
}

function writePiece(line: Line, map: AxisMap, piece: Piece): Value {
  const { build, shape, axis } = line;
  const { runs, length } = piece;
  if (runs.length === 0) return zerosOf(build, withLength(shape, axis, length));
  if (isRun(piece)) {
    return build.reduce("ReduceSum", slice(line, { from: runs[0]!.from, step: 1 }, runs.length), [axis]);
  }
  const terms = runs.map((run) => (covers(run, length, map) ? line.value : slice(line, run, length)));
  return terms.length === 1 ? terms[0]! : build.op("Sum", terms);
}

/** True if a piece is one output that sums neighbouring inputs: the edge of an edge padding. */
function isRun({ runs, length }: Piece): boolean {
  return length === 1 && runs.length > 1 && runs.every(({ from }, j) => from === runs[0]!.from + j);
}

function covers({ from, step }: TapRun, length: number, map: AxisMap): boolean {
  return from === 0 && step === 1 && length === map.inputs;
}

/** True if each output is one input or zero. */
function isSingle({ taps }: AxisMap): boolean {
  return taps.every((terms) => terms.length === 0 || (terms.length === 1 && terms[0]!.weight === 1));
}

/** A gather, from lines with a zero at their end if there are outputs without an input. */
function gathered(line: Line, map: AxisMap): Value | undefined {
  if (!isSingle(map)) return undefined;
  const holes = map.taps.some((terms) => terms.length === 0);
  const source = holes ? padAxis(line, 0, 1) : line.value;
  const indices = map.taps.map((terms) => terms[0]?.from ?? map.inputs);
  return line.build.op("Gather", [source, line.build.ints(indices)], { axis: line.axis });
}

/**
 * A matrix product. An interpolation matrix is banded: a large one is cut into blocks of outputs that read only their
 * own range of inputs.
 */
function multiplied(line: Line, map: AxisMap): Value {
  const { shape } = line;
  const blocks = blocksOf(map, cpuThresholds.blockSize.value);
  const lines = sizeOf(shape) / map.inputs;
  const whole = workOf([wholeOf(map)]);
  const banded = lines * whole > cpuThresholds.wholeProduct.value && workOf(blocks) < whole / 2;
  return banded ? products(line, map, blocks) : products(line, map, [wholeOf(map)]);
}

function multipliedWhole(line: Line, map: AxisMap): Value {
  return products(line, map, [wholeOf(map)]);
}

/** The whole matrix as one block. */
function wholeOf({ inputs, taps }: AxisMap): Block {
  return { start: 0, end: taps.length, low: 0, high: inputs };
}

/** One product for each block; the results are joined. */
function products({ build, value, shape, axis }: Line, map: AxisMap, blocks: readonly Block[]): Value {
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  const inPlace = inner === 1 ? axis === shape.length - 1 : axis === shape.length - 2;
  const flat = inner === 1 ? [outer, map.inputs] : [outer, map.inputs, inner];
  const lines = inPlace ? value : build.reshape(value, flat);
  const at = inPlace ? axis : 1;
  const parts = blocks.map((block) => {
    const all = block.low === 0 && block.high === map.inputs;
    const part = all ? lines : build.slice(lines, [at], [block.low], [block.high]);
    return product(build, part, map, block, inner === 1);
  });
  const result = parts.length === 1 ? parts[0]! : build.concat(parts, at);
  return inPlace ? result : build.reshape(result, withLength(shape, axis, map.taps.length));
}

/** Lines as rows are multiplied from the right, lines as columns from the left. */
function product(build: GraphBuilder, part: Value, map: AxisMap, block: Block, asRows: boolean): Value {
  const [outputs, inputs] = [block.end - block.start, block.high - block.low];
  if (asRows) {
    const matrix = float32([inputs, outputs], matrixOf(map, block, "columns"));
    return build.matmul(part, build.constant(matrix, "weights"));
  }
  return build.matmul(
    build.constant(float32([outputs, inputs], matrixOf(map, block, "rows")), "weights"),
    part,
  );
}
