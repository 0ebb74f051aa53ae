/** Operator cases: matmul. */
import { float32, randomStream, sizeOf, type Tensor } from "../../src/base/index.js";
import { float } from "../../src/onnx/index.js";
import type { OperatorCase } from "../helpers/operators.js";

function constant(dims: readonly number[]): Tensor {
  return float32(dims, randomStream("weight", dims.join()).uniform(sizeOf(dims), -1, 1));
}

const matmuls: OperatorCase[] = [
  [
    [3, 4],
    [4, 5],
  ],
  [[4], [4]],
  [[4], [4, 5]],
  [[3, 4], [4]],
  [[4], [2, 4, 5]],
  [[2, 3, 4], [4]],
  [[2, 6, 3, 4], [4]],
  [
    [2, 3, 4],
    [4, 5],
  ],
  [
    [2, 2, 3, 4],
    [4, 5],
  ],
  [
    [3, 4],
    [2, 4, 5],
  ],
  [
    [2, 3, 4],
    [2, 4, 5],
  ],
  [
    [2, 3, 4],
    [1, 4, 5],
  ],
  [
    [1, 3, 4],
    [2, 4, 5],
  ],
  [
    [2, 1, 3, 4],
    [5, 4, 2],
  ],
  [
    [3, 1, 2, 4],
    [1, 2, 4, 3],
  ],
  [
    [2, 3, 1, 4],
    [3, 4, 1],
  ],
  [
    [1, 1],
    [1, 1],
  ],
].map((inputs) => ({ op: "MatMul", inputs, name: `MatMul [${inputs[0]}] [${inputs[1]}]` }));

const weights: OperatorCase[] = [
  { op: "MatMul", inputs: [[2, 6, 4], constant([4, 5])], name: "MatMul constant weight" },
  { op: "MatMul", inputs: [constant([5, 4]), [2, 4, 6]], name: "MatMul constant left" },
  { op: "MatMul", inputs: [[2, 3, 6, 4], constant([3, 4, 5])], name: "MatMul constant batch" },
  {
    op: "Gemm",
    inputs: [[6, 4], constant([5, 4]), constant([5])],
    attributes: { transB: 1 },
    name: "Gemm constant weight",
  },
];

const biases = [null, [5], [3, 5], [1, 5], [3, 1], [1], [], [1, 1]];
const flags = [0, 1];
const gemms: OperatorCase[] = flags.flatMap((transA) =>
  flags.flatMap((transB) =>
    biases.flatMap((bias) =>
      [{}, { alpha: float(0.5), beta: float(-1.5) }].map((scales) => ({
        op: "Gemm",
        inputs: [transA ? [4, 3] : [3, 4], transB ? [5, 4] : [4, 5], ...(bias === null ? [] : [bias])],
        attributes: { transA, transB, ...scales },
        name: `Gemm transA=${transA} transB=${transB} C=[${bias}] ${Object.keys(scales)}`,
      })),
    ),
  ),
);

const equations: readonly (readonly [string, ...(readonly number[])[]])[] = [
  ["ij,jk->ik", [3, 4], [4, 5]],
  ["ij,jk", [3, 4], [4, 5]],
  ["ji,jk", [4, 3], [4, 5]],
  ["bij,bjk->bik", [2, 3, 4], [2, 4, 5]],
  ["bhid,bhjd->bhij", [2, 3, 4, 5], [2, 3, 6, 5]],
  ["bhij,bhjd->bihd", [2, 3, 4, 6], [2, 3, 6, 5]],
  ["nchw,dc->ndhw", [2, 3, 4, 5], [6, 3]],
  ["nchw,ncij->nhwij", [2, 3, 4, 5], [2, 3, 2, 2]],
  ["ij->ji", [3, 4]],
  ["ij->i", [3, 4]],
  ["ijk->j", [2, 3, 4]],
  ["ij->", [3, 4]],
  ["i->i", [5]],
  ["i,i->", [5], [5]],
  ["i,j->ij", [3], [4]],
  ["i,i->i", [3], [3]],
  ["ij,kl->ik", [2, 3], [4, 5]],
  ["ij,j->ij", [2, 3], [3]],
  [" i j , j k -> i k ", [3, 4], [4, 5]],
  ["...ij,...jk->...ik", [2, 3, 4], [2, 4, 5]],
  ["...ij,jk->...ik", [2, 3, 4], [4, 5]],
  ["...ij,...jk", [2, 3, 4], [2, 4, 5]],
  ["b...,b...->b...", [2, 3, 4], [2, 3, 4]],
  ["...i->...", [2, 3, 4]],
  ["i...->...i", [2, 3, 4]],
  ["...,...->...", [2, 3], [1, 3]],
  ["ij,jk,kl->il", [2, 3], [3, 4], [4, 5]],
  ["bi,bj,bk->ijk", [2, 3], [2, 4], [2, 5]],
  ["ij,ij->ij", [1, 3], [2, 3]],
  ["ij,ij->i", [2, 1], [2, 3]],
  ["...ij,...jk->...ik", [1, 3, 4], [2, 4, 5]],
  ["ij,jk->ik", [1, 4], [4, 1]],
  ["ij,jk->k", [1, 4], [4, 5]],
];
const einsums: OperatorCase[] = equations.map(([equation, ...inputs]) => ({
  op: "Einsum",
  inputs,
  attributes: { equation },
  name: `Einsum ${equation} ${inputs.map((shape) => `[${shape}]`).join(" ")}`,
}));

export const matmul: readonly OperatorCase[] = [...matmuls, ...weights, ...gemms, ...einsums];
