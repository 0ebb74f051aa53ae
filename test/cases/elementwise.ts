/** Operator cases: arithmetic. */
import { float32, type Tensor } from "../../src/base/index.js";
import type { OperatorCase } from "../helpers/operators.js";

type Shape = readonly number[];

const scalar = (value: number) => float32([], [value]);

/** Pairs of shapes that broadcast, in both directions, with lengths of 1 and of 0. */
const pairs: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [
    [2, 3, 1],
    [1, 3, 4],
  ],
  [[3], [2, 1, 3]],
  [
    [2, 1, 4],
    [3, 1],
  ],
  [[], [2, 3]],
  [
    [2, 3, 4, 5],
    [1, 3, 1, 1],
  ],
  [
    [2, 1, 4, 5],
    [2, 3, 4, 5],
  ],
  [
    [1, 3, 4, 5],
    [1, 1, 4, 5],
  ],
  [
    [1, 2, 1, 3, 1],
    [2, 1, 2, 1, 3],
  ],
  [
    [1, 1],
    [1, 1],
  ],
];

const binary = (op: string, rest: Partial<OperatorCase> = {}): OperatorCase[] =>
  pairs.map((inputs) => ({ op, inputs, ...rest }));

const unary = (op: string, rest: Partial<OperatorCase> = {}): OperatorCase[] =>
  ([[7], [2, 3, 4], []] as const).map((shape) => ({ op, inputs: [shape], ...rest }));

/** A wide domain, on both sides of the operator's interesting point. */
const wide = { domain: [-3, 3] } as const;
const positive = { domain: [0.3, 2.5] } as const;

const exponents = [0, 0.5, 1, 2, 3, 4, -1, -2, 1.7, -0.5];
const vector = float32([4], [0, 1, 2.5, -1]);
const powers: OperatorCase[] = [
  ...[...exponents.map(scalar), vector].flatMap((exponent: Tensor) => [
    { op: "Pow", name: `Pow ${exponent.data}`, inputs: [[3, 4], exponent], ...positive },
    { op: "Pow", name: `Pow ${exponent.data}, base broadcast`, inputs: [[3, 1, 1], exponent], ...positive },
  ]),
  { op: "Pow", name: "Pow 2 of both signs", inputs: [[3, 4], scalar(2)] },
  { op: "Pow", name: "Pow 3 of both signs", inputs: [[3, 4], scalar(3)] },
  { op: "Pow", name: "Pow, exponent 2 in a larger shape", inputs: [[4], float32([3, 1], [2, 2, 2])] },
  { op: "Pow", name: "Pow, integer exponents", inputs: [[3, 2], integers(2, 3)], ...positive },
  { op: "Pow", name: "Pow of a constant", inputs: [scalar(2.5), [2, 3]] },
  { op: "Pow", name: "Pow of constants of both signs", inputs: [float32([2], [0.4, 3]), [3, 2]] },
  ...binary("Pow", positive),
];

function integers(...values: number[]): Tensor {
  return { type: "int32", dims: [values.length], data: Int32Array.from(values) };
}

function bools(dims: Shape): Tensor {
  const data = Uint8Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7) % 3 ? 1 : 0));
  return { type: "bool", dims, data };
}

const nary = (op: string): OperatorCase[] => [
  { op, inputs: [[2, 3]] },
  { op, inputs: [[2, 3], [3], [2, 1]] },
  { op, inputs: [[1, 3], [], [2, 1], [2, 3]] },
  { op, name: `${op} with a constant`, inputs: [[2, 5], scalar(0.1)] },
];

/** Two equal inputs: half of the gradient each is what differences give. */
const equal = { domain: [0.5, 0.5] } as const;

/** Inputs far enough apart that no step makes another one the extreme; then ties. */
const extremes = (op: string): OperatorCase[] => [
  { op, inputs: [[2, 3]] },
  { op, name: `${op} with a constant`, inputs: [[4, 5], scalar(0.1)], kinks: [0.1], ...wide },
  {
    op,
    name: `${op} between constants`,
    inputs: [[4, 5], float32([5], [-1, -0.5, 0, 0.5, 1]), scalar(0)],
    kinks: [-1, -0.5, 0, 0.5, 1],
    ...wide,
  },
  {
    op,
    inputs: [
      [2, 3],
      [2, 3],
    ],
    domain: [-8, 8],
  },
  { op, inputs: [[2, 3], [3], [2, 1], [1, 1, 1]], domain: [-8, 8] },
  { op, name: `${op} of equal inputs`, inputs: [[2, 3], [3]], ...equal },
  { op, name: `${op} of an equal constant`, inputs: [[2, 3], scalar(0.5)], ...equal },
];

const choices: OperatorCase[] = [
  { op: "Where", inputs: [bools([2, 3]), [2, 3], [2, 3]] },
  { op: "Where", inputs: [bools([3]), [2, 3], []] },
  { op: "Where", inputs: [bools([2, 3, 1]), [3, 4], [2, 1, 1]] },
  { op: "Where", name: "Where, constant else", inputs: [bools([2, 3]), [2, 3], scalar(3)] },
  { op: "Where", name: "Where, constant then", inputs: [bools([2, 1]), scalar(3), [2, 3]] },
];

const clips: OperatorCase[] = [
  {
    op: "Clip",
    name: "Clip to [0, 6]",
    inputs: [[3, 9], scalar(0), scalar(6)],
    domain: [-4, 10],
    kinks: [0, 6],
  },
  { op: "Clip", name: "Clip from below", inputs: [[3, 9], scalar(-1)], ...wide, kinks: [-1] },
  { op: "Clip", name: "Clip from above", inputs: [[3, 9], null, scalar(0.5)], ...wide, kinks: [0.5] },
  { op: "Clip", name: "Clip to nothing", inputs: [[3, 9]] },
];

export const elementwise: readonly OperatorCase[] = [
  ...["Add", "Sub", "Mul"].flatMap((op) => binary(op)),
  ...binary("Div", positive),
  { op: "Div", name: "Div by a constant", inputs: [[2, 3], float32([3], [2, -0.5, 3])] },
  { op: "Div", name: "Div of a constant", inputs: [scalar(2), [2, 3]], ...positive },
  { op: "Mod", inputs: [[2, 6], scalar(1.3)], attributes: { fmod: 1 }, domain: [1.4, 2.5] },
  {
    op: "Mod",
    name: "Mod of negatives",
    inputs: [[6], scalar(1.3)],
    attributes: { fmod: 1 },
    domain: [-2.5, -1.4],
  },
  {
    op: "Mod",
    name: "Mod, both",
    inputs: [
      [2, 3],
      [2, 1],
    ],
    attributes: { fmod: 1 },
    domains: [
      [2.2, 2.8],
      [1.05, 1.35],
    ],
  },
  ...powers,
  ...["Sum", "Mean"].flatMap(nary),
  ...["Max", "Min"].flatMap(extremes),
  ...clips,
  ...choices,
  ...unary("Identity"),
  ...unary("Cast", { attributes: { to: 1 } }),
  { op: "CastLike", inputs: [[2, 3], scalar(1)], opset: 18 },
  ...unary("Dropout"),
  { op: "Dropout", name: "Dropout with a mask", inputs: [[2, 3], scalar(0.3)], outputs: 2 },
  ...unary("Neg"),
  ...unary("Abs", { ...wide, kinks: [0] }),
  ...unary("Reciprocal", positive),
  ...unary("Sqrt", positive),
  ...unary("Exp"),
  ...unary("Log", positive),
  ...unary("Erf", wide),
  ...["Sin", "Cos", "Atan", "Sinh", "Cosh", "Asinh"].flatMap((op) => unary(op, wide)),
  ...unary("Tan", { domain: [-1.2, 1.2] }),
  ...["Asin", "Acos", "Atanh"].flatMap((op) => unary(op, { domain: [-0.8, 0.8] })),
  ...unary("Acosh", { domain: [1.3, 3] }),
];
