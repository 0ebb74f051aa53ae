/** Operator cases: reductions, running sums, the largest k. */
import type { Tensor } from "../../src/base/index.js";
import { ints, type OperatorCase } from "../helpers/operators.js";

type Shape = readonly number[];

/** A shape and the axes to reduce, left out where undefined. */
const reduced: readonly (readonly [Shape, readonly number[] | undefined])[] = [
  [[5], undefined],
  [[2, 3, 4], undefined],
  [[2, 3, 4], []],
  [[2, 3, 4], [0]],
  [[2, 3, 4], [1]],
  [[2, 3, 4], [-1]],
  [
    [2, 3, 4],
    [2, 0],
  ],
  [[1, 3, 2, 4], [1]],
  [
    [2, 3, 2, 4],
    [2, 3],
  ],
  [
    [2, 3, 2, 4],
    [-1, -2],
  ],
  [
    [1, 3, 2, 4],
    [0, 1],
  ],
  [
    [2, 3, 2, 4],
    [0, 1, 2, 3],
  ],
  [
    [2, 1, 3],
    [1, 2],
  ],
];

function reduce(op: string, rest: Partial<OperatorCase> = {}): OperatorCase[] {
  const plain = reduced.flatMap(([shape, axes]) =>
    [undefined, 0, 1].map((keepdims) => reduceCase(op, shape, axes, { keepdims }, rest)),
  );
  const noop = [undefined, [], [1]].map((axes) =>
    reduceCase(op, [2, 3, 4], axes, { noop_with_empty_axes: 1 }, rest),
  );
  return [...plain, ...noop];
}

function reduceCase(
  op: string,
  shape: Shape,
  axes: readonly number[] | undefined,
  attributes: NonNullable<OperatorCase["attributes"]>,
  rest: Partial<OperatorCase>,
): OperatorCase {
  const inputs = axes ? [shape, ints(axes)] : [shape];
  return {
    op,
    name: `${op} [${shape}] over [${axes}] ${JSON.stringify(attributes)}`,
    inputs,
    attributes,
    ...rest,
  };
}

const flags = [0, 1];
const scalarAxis = (axis: number): Tensor => ({
  type: "int64",
  dims: [],
  data: BigInt64Array.of(BigInt(axis)),
});

const runningSums: OperatorCase[] = [
  ...[0, 1, -1].flatMap((axis) =>
    flags.flatMap((exclusive) =>
      flags.map((reverse) => ({
        op: "CumSum",
        name: `CumSum along ${axis}, exclusive ${exclusive}, reverse ${reverse}`,
        inputs: [[2, 3, 4], scalarAxis(axis)],
        attributes: { exclusive, reverse },
      })),
    ),
  ),
  { op: "CumSum", inputs: [[6], scalarAxis(0)] },
];

const largest: OperatorCase[] = [
  ...[0, 1, -1, undefined].flatMap((axis) =>
    flags.map((ascending) => ({
      op: "TopK",
      name: `TopK along ${axis}, ${ascending ? "smallest" : "largest"}`,
      inputs: [[3, 4, 5], ints([2])],
      attributes: { axis, largest: 1 - ascending },
      outputs: 2,
      distinct: true,
    })),
  ),
  {
    op: "TopK",
    name: "TopK of all, unsorted",
    inputs: [[7], ints([7])],
    attributes: { sorted: 0 },
    outputs: 2,
    distinct: true,
  },
  { op: "TopK", name: "TopK 1", inputs: [[2, 7], ints([1])], outputs: 2, distinct: true },
];

const positive = { domain: [0.4, 2] } as const;

export const reduction: readonly OperatorCase[] = [
  ...["ReduceSum", "ReduceMean"].flatMap((op) => reduce(op)),
  ...["ReduceMax", "ReduceMin"].flatMap((op) => reduce(op, { distinct: true })),
  ...["ReduceMax", "ReduceMin"].map((op) => ({
    op,
    name: `${op} of two equal elements`,
    inputs: [[3, 2, 4], ints([1])],
    domain: [0.5, 0.5] as const,
  })),
  ...reduce("ReduceProd", positive),
  ...reduce("ReduceProd", { domain: [-1.3, 1.3] }).slice(3, 20),
  ...reduce("ReduceL1", { kinks: [0] }),
  ...reduce("ReduceL2", { domain: [-2, 2], kinks: [0] }),
  ...reduce("ReduceSumSquare"),
  ...reduce("ReduceLogSum", positive),
  ...reduce("ReduceLogSumExp", { domain: [-2, 2] }),
  ...runningSums,
  ...largest,
];
