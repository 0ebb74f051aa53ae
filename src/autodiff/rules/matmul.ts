/** Products: matrices, batches of matrices, and Einsum. */
import { SeawallError, sizeOf } from "../../base/index.js";
import {
  attribute,
  describeNode,
  float,
  type GraphBuilder,
  type Node,
  type Value,
} from "../../onnx/index.js";
import { unbroadcast } from "../fragments/broadcast.js";
import type { Gradient, Rules } from "../fragments/rule.js";

/** A value with its shape. */
interface Shaped {
  readonly value: Value;
  readonly shape: readonly number[];
}

/** Y = A B on the last two axes: dA = G Bᵀ, dB = Aᵀ G, summed over broadcast batch axes. */
const matmulGradient: Gradient = (context, [g], build) => {
  const shapes = context.inputs.map((input) => context.shape(input)) as [number[], number[]];
  // A vector is a row on the left and a column on the right.
  const a = reshaped(
    build,
    context.inputs[0]!,
    shapes[0],
    shapes[0].length === 1 ? [1, ...shapes[0]] : shapes[0],
  );
  const b = reshaped(
    build,
    context.inputs[1]!,
    shapes[1],
    shapes[1].length === 1 ? [...shapes[1], 1] : shapes[1],
  );
  const batch = broadcastOf(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const outShape = [...batch, a.shape.at(-2)!, b.shape.at(-1)!];
  const out = reshaped(build, g!, context.shape(context.outputs[0]!), outShape);
  const back = (gradient: Value, of: Shaped, shape: readonly number[]) =>
    reshaped(build, gradient, of.shape, shape).value;
  return [
    context.needs(0) ? back(leftGradient(build, out, a, b), a, shapes[0]) : undefined,
    context.needs(1) ? back(rightGradient(build, out, a, b), b, shapes[1]) : undefined,
  ];
};

function leftGradient(build: GraphBuilder, g: Shaped, a: Shaped, b: Shaped): Value {
  const product = build.matmul(g.value, swapped(build, b));
  return unbroadcast(build, product, [...g.shape.slice(0, -1), b.shape.at(-2)!], a.shape);
}

function rightGradient(build: GraphBuilder, g: Shaped, a: Shaped, b: Shaped): Value {
  if (b.shape.length === 2 && a.shape.length > 2) {
    // One weight for the whole batch: with all rows stacked, the product itself sums over the batch.
    return build.matmul(swapped(build, rows(build, a)), rows(build, g).value);
  }
  const product = build.matmul(swapped(build, a), g.value);
  return unbroadcast(build, product, [...g.shape.slice(0, -2), a.shape.at(-1)!, g.shape.at(-1)!], b.shape);
}

/** Stacks the rows of all matrices of a batch into one matrix. */
function rows(build: GraphBuilder, { value, shape }: Shaped): Shaped {
  return reshaped(build, value, shape, [sizeOf(shape.slice(0, -1)), shape.at(-1)!]);
}

/** Transposes the last two axes. */
function swapped(build: GraphBuilder, { value, shape }: Shaped): Value {
  const axes = shape.map((_, axis) => axis);
  return build.transpose(value, [...axes.slice(0, -2), shape.length - 1, shape.length - 2]);
}

function reshaped(
  build: GraphBuilder,
  value: Value,
  from: readonly number[],
  shape: readonly number[],
): Shaped {
  const same = from.length === shape.length && from.every((dim, i) => dim === shape[i]);
  return { value: same ? value : build.reshape(value, shape), shape };
}

function broadcastOf(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const dim = (shape: readonly number[], i: number) => shape[i - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, i) => (dim(a, i) === 1 ? dim(b, i) : dim(a, i)));
}

/** Y = α A′ B′ + β C, where ′ is an optional transpose. The gradients are Gemm products, too. */
const gemmGradient: Gradient = (context, [g], build) => {
  const { node } = context;
  const [a, b, c] = context.inputs as [Value, Value, Value | undefined];
  const alpha = float(attribute.float(node, "alpha", 1));
  const transA = attribute.int(node, "transA", 0);
  const transB = attribute.int(node, "transB", 0);
  const product = (left: Value, right: Value, transposeLeft: number, transposeRight: number) =>
    build.op("Gemm", [left, right], { alpha, transA: transposeLeft, transB: transposeRight });
  const dA = () => (transA ? product(b, g!, transB, 1) : product(g!, b, 0, 1 - transB));
  const dB = () => (transB ? product(g!, a, 1, transA) : product(a, g!, 1 - transA, 0));
  const dC = () => {
    const beta = attribute.float(node, "beta", 1);
    const scaled = beta === 1 ? g! : build.mul(g!, beta);
    return unbroadcast(build, scaled, context.shape(context.outputs[0]!), context.shape(c!));
  };
  return [
    context.needs(0) ? dA() : undefined,
    context.needs(1) ? dB() : undefined,
    context.needs(2) ? dC() : undefined,
  ];
};

/** An Einsum equation in which every index has one letter, including those of the ellipsis. */
interface Equation {
  readonly operands: readonly string[];
  readonly result: string;
}

/**
 * The gradient of an operand is the Einsum of g with the other operands, with the operand's indices as the result.
 * Indices that occur in no other term were summed, so the gradient is repeated along them. Broadcast indices are summed.
 */
const einsumGradient: Gradient = (context, [g], build) => {
  const shapes = context.inputs.map((input) => context.shape(input));
  const { operands, result } = equationOf(context.node, shapes);
  return context.inputs.map((_, i) => {
    if (!context.needs(i)) return undefined;
    const others = context.inputs.flatMap((_, j) => (j === i ? [] : [j]));
    const borne = [result, ...others.map((j) => operands[j]!)];
    const lengths = lengthsOf(borne, [context.shape(context.outputs[0]!), ...others.map((j) => shapes[j]!)]);
    const kept = [...operands[i]!].filter((letter, axis) => lengths.has(letter) && shapes[i]![axis] !== 1);
    const product = build.op("Einsum", [g!, ...others.map((j) => context.inputs[j]!)], {
      equation: `${borne}->${kept.join("")}`,
    });
    const produced = [...operands[i]!].map((letter) => (kept.includes(letter) ? lengths.get(letter)! : 1));
    return repeated(build, product, produced, shapes[i]!);
  });
};

/** The length of every index. Operands with length 1 along an index are broadcast. */
function lengthsOf(terms: readonly string[], shapes: readonly (readonly number[])[]): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const [i, letters] of terms.entries()) {
    for (const [axis, letter] of [...letters].entries()) {
      lengths.set(letter, Math.max(lengths.get(letter) ?? 1, shapes[i]![axis]!));
    }
  }
  return lengths;
}

/** Inserts missing axes and repeats the value along axes that are too short. */
function repeated(
  build: GraphBuilder,
  value: Value,
  produced: readonly number[],
  shape: readonly number[],
): Value {
  if (produced.every((dim, axis) => dim === shape[axis] && dim !== 1)) return value;
  const whole = build.reshape(value, produced);
  return produced.every((dim, axis) => dim === shape[axis]) ? whole : build.expand(whole, shape);
}

function equationOf(node: Node, shapes: readonly (readonly number[])[]): Equation {
  const text = attribute.string(node, "equation", "").replaceAll(" ", "");
  const [left, right] = text.split("->") as [string, string | undefined];
  const terms = left.split(",");
  const free = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"].filter((c) => !text.includes(c));
  const hidden = terms.map((term, i) => (term.includes("...") ? shapes[i]!.length - (term.length - 3) : 0));
  const batch = free.slice(0, Math.max(...hidden)).join("");
  const named = (term: string, count: number) => term.replace("...", batch.slice(batch.length - count));
  const operands = terms.map((term, i) => named(term, hidden[i]!));
  for (const [i, letters] of operands.entries()) refuseRepeated(node, text, terms[i]!, letters);
  return { operands, result: named(right ?? implicitResult(terms), batch.length) };
}

/** The result of an equation without arrow: the ellipsis, then the letters that occur once, in alphabetical order. */
function implicitResult(terms: readonly string[]): string {
  const letters = [...terms.join("").replaceAll(".", "")].sort();
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return (terms.some((term) => term.includes("...")) ? "..." : "") + once.join("");
}

function refuseRepeated(node: Node, equation: string, term: string, letters: string): void {
  if (new Set(letters).size === letters.length) return;
  throw new SeawallError(
    "unsupported",
    `${describeNode(node)}: equation "${equation}" repeats an index within "${term}" (a diagonal), which has no ` +
      "gradient rule; take the diagonal by a mask or a Gather before the Einsum",
  );
}

export const matmul: Rules = {
  MatMul: { gradient: matmulGradient },
  Gemm: { gradient: gemmGradient },
  Einsum: { gradient: einsumGradient, note: "an index repeated within one operand (a diagonal) is refused" },
};
