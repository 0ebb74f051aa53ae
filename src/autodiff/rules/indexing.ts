/** Rules of operators that read or write at indices; part of the movement family. */
import { numbersOf, sizeOf } from "../../base/index.js";
import { attribute, type GraphBuilder, type Value } from "../../onnx/index.js";
import { addAt } from "../fragments/composites.js";
import { zerosOf } from "../fragments/filled.js";
import type { RuleContext, Rules } from "../fragments/rule.js";
import { fromFront, refuseNode } from "./fragments.js";

type Gradients = readonly (Value | undefined)[];

/** The indices in input 1, as non-negative numbers; undefined if they are not constant. */
function constantIndices(
  { inputs, constant }: RuleContext,
  lengths: readonly number[],
): number[] | undefined {
  const tensor = constant(inputs[1]);
  return tensor && numbersOf(tensor).map((index, i) => fromFront(index, lengths[i % lengths.length]!));
}

function gatherGradient(context: RuleContext, [g]: Gradients, build: GraphBuilder) {
  const { node, inputs, shape } = context;
  const from = shape(inputs[0]!);
  const axis = fromFront(attribute.int(node, "axis", 0), from.length);
  const length = from[axis]!;
  const indices = constantIndices(context, [length]) ?? inputs[1]!;
  const rows = [
    sizeOf(from.slice(0, axis)),
    sizeOf(shape(inputs[1]!)),
    sizeOf(from.slice(axis + 1)),
  ] as const;
  return [build.reshape(addAt(build, build.reshape(g!, rows), rows, indices, length), from)];
}

/**
 * GatherND picks whole rows of the data reshaped to [rows, rest]. A row's number is the sum of its indices times the
 * strides of the indexed axes. With batch axes, each batch picks among its own rows.
 */
function gatherNDGradient(context: RuleContext, [g]: Gradients, build: GraphBuilder) {
  const { node, inputs, shape } = context;
  const from = shape(inputs[0]!);
  const at = shape(inputs[1]!);
  const batched = attribute.int(node, "batch_dims", 0);
  const indexed = from.slice(batched, batched + at.at(-1)!);
  const strides = indexed.map((_, i) => sizeOf(indexed.slice(i + 1)));
  const batches = sizeOf(from.slice(0, batched));
  const count = sizeOf(at.slice(0, -1));
  const firstRow = (row: number) => Math.floor((row * batches) / count) * sizeOf(indexed);

  const known = constantIndices(context, indexed);
  const rowOf = (row: number) =>
    strides.reduce((sum, stride, i) => sum + stride * known![row * strides.length + i]!, firstRow(row));
  const offsets = Array.from({ length: count }, (_, row) => firstRow(row));
  const rows = known
    ? offsets.map((_, row) => rowOf(row))
    : rowNumbers(build, inputs[1]!, indexed, strides, offsets);
  const rest = sizeOf(from.slice(batched + indexed.length));
  const lines = [1, count, rest] as const;
  return [
    build.reshape(addAt(build, build.reshape(g!, lines), lines, rows, batches * sizeOf(indexed)), from),
  ];
}

/** Row numbers of computed indices. Negative indices count from the end. */
function rowNumbers(
  build: GraphBuilder,
  indices: Value,
  lengths: readonly number[],
  strides: readonly number[],
  offsets: readonly number[],
): Value {
  const columns = build.reshape(indices, [offsets.length, lengths.length]);
  const zero = build.ints([0]);
  const negative = build.cast(build.op("Less", [columns, zero]), "int64");
  const front = build.add(columns, build.mul(negative, build.ints(lengths)));
  const rows = build.reduce("ReduceSum", build.mul(front, build.ints(strides)), [1], false);
  return build.add(rows, build.ints(offsets));
}

function gatherElementsGradient({ node, inputs, shape }: RuleContext, [g]: Gradients, build: GraphBuilder) {
  const zeros = zerosOf(build, shape(inputs[0]!));
  const axis = attribute.int(node, "axis", 0);
  return [build.op("ScatterElements", [zeros, inputs[1]!, g!], { axis, reduction: "add" })];
}

/**
 * The updates' gradient is g at the written places. The data's gradient is g, set to 0 at the written places unless the
 * updates are added.
 */
function scatterGradient(context: RuleContext, [g]: Gradients, build: GraphBuilder) {
  const { node, inputs, shape, needs } = context;
  const [, indices, updates] = inputs as [Value, Value, Value];
  const reduction = attribute.string(node, "reduction", "none");
  if (reduction !== "none" && reduction !== "add") {
    return refuseNode(
      node,
      `attribute reduction is "${reduction}", and its gradient is known for "none" and "add" alone; export the model without it`,
    );
  }
  const { axis } = node.attributes;
  const place = axis && { axis };
  const gather = node.op === "ScatterND" ? "GatherND" : "GatherElements";
  const erased = () => build.op(node.op, [g!, indices, zerosOf(build, shape(updates))], place);
  return [
    reduction === "add" ? g : needs(0) ? erased() : undefined,
    undefined,
    needs(2) ? build.op(gather, [g!, indices], place) : undefined,
  ];
}

/** Compress keeps the positions where the condition is true, along an axis or in the flattened tensor. */
function compressGradient(context: RuleContext, [g]: Gradients, build: GraphBuilder) {
  const { node, inputs, shape, constant } = context;
  const condition = constant(inputs[1]);
  if (!condition)
    return refuseNode(node, "its `condition` is computed from the image, which leaves no fixed shape");
  const from = shape(inputs[0]!);
  const flat = attribute.optionalInt(node, "axis");
  const axis = flat === undefined ? undefined : fromFront(flat, from.length);
  const kept = numbersOf(condition).flatMap((holds, i) => (holds ? [i] : []));
  const length = axis === undefined ? sizeOf(from) : from[axis]!;
  const rows = [
    axis === undefined ? 1 : sizeOf(from.slice(0, axis)),
    kept.length,
    axis === undefined ? 1 : sizeOf(from.slice(axis + 1)),
  ] as const;
  return [build.reshape(addAt(build, build.reshape(g!, rows), rows, kept, length), from)];
}

export const indexing: Rules = {
  Gather: { gradient: gatherGradient },
  GatherElements: { gradient: gatherElementsGradient },
  GatherND: { gradient: gatherNDGradient },
  ScatterElements: {
    gradient: scatterGradient,
    note: "reduction none or add; where indices repeat without reduction, every update gets the place's gradient",
  },
  ScatterND: {
    gradient: scatterGradient,
    note: "reduction none or add; where indices repeat without reduction, every update gets the place's gradient",
  },
  Compress: { gradient: compressGradient, note: "`condition` must be constant" },
};
