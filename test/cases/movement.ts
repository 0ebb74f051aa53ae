/** Operator cases: moving, cutting, joining and indexing. */
import { float32, int64, type Tensor } from "../../src/base/index.js";
import { ints, type OperatorCase } from "../helpers/operators.js";

type Attributes = OperatorCase["attributes"];
type Input = OperatorCase["inputs"][number];

function given(op: string, inputs: readonly Input[], attributes?: Attributes, outputs = 1): OperatorCase {
  const shapes = inputs.map((input) => (input === null ? "-" : `[${"dims" in input ? input.dims : input}]`));
  const name = `${op} ${shapes.join(" ")} ${attributes ? JSON.stringify(attributes) : ""}`;
  return { op, name, inputs, outputs, ...(attributes && { attributes }) };
}

/** The same case with its constants stored, and with those at `positions` computed. */
function bothWays(test: OperatorCase, positions: readonly number[]): OperatorCase[] {
  return [test, { ...test, name: `${test.name} computed`, fed: positions }];
}

const scalar = (value: number): Tensor => int64([], [value]);

const shapes: readonly OperatorCase[] = [
  given("Reshape", [[2, 3, 4], ints([4, 6])]),
  given("Reshape", [[2, 3, 4], ints([0, -1])]),
  given("Flatten", [[2, 3, 4]], { axis: 2 }),
  given("Flatten", [[2, 3]], { axis: 0 }),
  given("Squeeze", [[1, 3, 1], ints([0])]),
  given("Squeeze", [[1, 3, 1]]),
  given("Unsqueeze", [[3, 2], ints([0, -1])]),
  given("Transpose", [[2, 3, 4]]),
  given("Transpose", [[2, 3, 4]], { perm: [1, 2, 0] }),
  given("Expand", [[3, 1], ints([2, 3, 4])]),
  given("Expand", [[3, 1], ints([1])]),
  given("Tile", [[2, 3], ints([2, 3])]),
  given("Tile", [[2, 3, 1], ints([1, 1, 4])]),
  given("Tile", [[2, 3], ints([1, 1])]),
  given("DepthToSpace", [[2, 8, 2, 3]], { blocksize: 2 }),
  given("DepthToSpace", [[1, 12, 2, 3]], { blocksize: 2, mode: "CRD" }),
  given("SpaceToDepth", [[2, 3, 4, 6]], { blocksize: 2 }),
  given("Trilu", [[2, 4, 5]]),
  given("Trilu", [[4, 5], scalar(-1)], { upper: 0 }),
  given("ReverseSequence", [[4, 3, 2], ints([1, 4, 3])]),
  given("ReverseSequence", [[3, 4, 2], ints([1, 4, 3])], { batch_axis: 0, time_axis: 1 }),
];

const joints: readonly OperatorCase[] = [
  given("Concat", [[2, 3]], { axis: 0 }),
  given(
    "Concat",
    [
      [2, 3],
      [2, 1],
      [2, 4],
    ],
    { axis: -1 },
  ),
  given("Concat", [[2, 3], float32([1, 3], [1, 2, 3]), [3, 3]], { axis: 0 }),
  given("Split", [[2, 7], ints([3, 0, 4])], { axis: 1 }, 3),
  given("Split", [[6, 2]], { num_outputs: 3 }, 3),
  given("Split", [[2, 7]], { axis: -1, num_outputs: 3 }, 3),
  given("Split", [[2, 7]], { axis: -1, num_outputs: 1 }, 1),
];

const slices: readonly OperatorCase[] = [
  given("Slice", [[4, 5], ints([1, 0]), ints([3, 4])]),
  given("Slice", [[4, 5], ints([-3]), ints([2 ** 40]), ints([-1])]),
  given("Slice", [[4, 5], ints([3]), ints([-(2 ** 40)]), ints([0]), ints([-1])]),
  given("Slice", [[4, 7], ints([-1, 0]), ints([-6, 4]), ints([1, 0]), ints([-2, 3])]),
  given("Slice", [[2, 6, 6], ints([1, 1]), ints([6, 6]), ints([1, 2]), ints([2, 2])]),
  given("Slice", [[2, 6, 6], ints([0, 1]), ints([6, 6]), ints([1, 2]), ints([2, 2])]),
  given("Slice", [[2, 9], ints([4]), ints([9]), ints([1]), ints([2])]),
  given("Slice", [[2, 9], ints([5]), ints([6]), ints([1]), ints([4])]),
  given("Slice", [[2, 3, 5], ints([1, 0, 1]), ints([2, 3, 5]), ints([0, 1, 2]), ints([1, 2, 1])]),
  given("Slice", [[3, 4], ints([2]), ints([2]), ints([0])]),
];

const pads: readonly OperatorCase[] = [
  given("Pad", [[2, 3], ints([1, 0, 0, 2])]),
  given("Pad", [[4, 5], ints([-1, 2, 1, -3])]),
  given("Pad", [[4, 5], ints([-1, -2, -1, 0])]),
  given("Pad", [[2, 3, 4], ints([1, 2]), null, ints([-1])]),
  given("Pad", [[2, 3], ints([1, 0, 0, 2]), []]),
  given("Pad", [[4, 3], ints([1, -1, -2, 2]), []]),
  ...["reflect", "edge", "wrap"].flatMap((mode) => [
    given("Pad", [[1, 2, 5, 6], ints([0, 0, 2, 1, 0, 0, 3, 5])], { mode }),
    given("Pad", [[3, 4], ints([2, 0, 0, 3])], { mode }),
    given("Pad", [[2, 6], ints([-2, 3]), null, ints([1])], { mode }),
    given("Pad", [[2, 6], ints([2, -1]), null, ints([1])], { mode }),
  ]),
];

const gathers: readonly OperatorCase[] = [
  given("Gather", [[4, 3], scalar(2)]),
  given("Gather", [[4, 3], scalar(-1)], { axis: 1 }),
  ...[0, 1, 2].flatMap((axis) => [
    ...bothWays(given("Gather", [[4, 5, 6], int64([2, 2], [0, 3, -1, 3])], { axis }), [1]),
    given("Gather", [[4, 4, 4], ints([2, 0, 3, 1])], { axis }),
    given("Gather", [[4, 4, 4], ints([3, 0])], { axis }),
    given("Gather", [[4, 4, 4], ints([1, 2])], { axis }),
    given("Gather", [[4, 4, 4], ints([3, 2, 1, 0])], { axis }),
    given("Gather", [[4, 4, 4], ints([0, 0, 1, 1, 2, 2, 3, 3])], { axis }),
  ]),
  { ...given("Gather", [[600, 2], ints([5, 599, 5, 0])]), name: "Gather from a long table" },
  ...[0, 1].flatMap((axis) =>
    bothWays(given("GatherElements", [[3, 4], int64([2, 3], [0, -1, 2, 0, 0, 1])], { axis }), [1]),
  ),
  ...bothWays(given("GatherND", [[3, 4], int64([3, 2], [0, 1, -1, 2, 0, 1])]), [1]),
  ...bothWays(given("GatherND", [[3, 4, 2], int64([2, 2, 1], [0, 2, -1, 2])]), [1]),
  ...bothWays(given("GatherND", [[2, 4, 3], int64([2, 1], [1, -1])], { batch_dims: 1 }), [1]),
  ...bothWays(
    given("GatherND", [[2, 2, 3, 2], int64([2, 2, 2, 1], [0, 1, 2, 2, -1, 0, 1, 1])], { batch_dims: 2 }),
    [1],
  ),
  given("Compress", [[3, 4], { type: "bool", dims: [3], data: Uint8Array.of(1, 0, 1) }], { axis: 0 }),
  given("Compress", [[3, 4], { type: "bool", dims: [3], data: Uint8Array.of(0, 1, 1) }], { axis: -1 }),
  given("Compress", [[3, 2], { type: "bool", dims: [5], data: Uint8Array.of(0, 1, 1, 0, 1) }]),
];

const scatters: readonly OperatorCase[] = ["none", "add"].flatMap((reduction) => [
  ...[0, 1].flatMap((axis) =>
    bothWays(given("ScatterElements", [[3, 4], int64([1, 3], [2, 0, -3]), [1, 3]], { axis, reduction }), [1]),
  ),
  ...bothWays(given("ScatterND", [[3, 4], int64([2, 1], [2, -3]), [2, 4]], { reduction }), [1]),
  given("ScatterND", [[3, 4], int64([2, 2], [2, 1, 0, 3]), [2]], { reduction }),
  given("ScatterND", [[3, 4], int64([2, 1], [2, 0]), float32([2, 4], new Float32Array(8))], { reduction }),
]);

export const movement: readonly OperatorCase[] = [
  ...shapes,
  ...joints,
  ...slices,
  ...pads,
  ...gathers,
  ...scatters,
];
