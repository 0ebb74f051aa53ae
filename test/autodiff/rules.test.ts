/** Every rule, on every case of its family and in the form of every target, against finite differences. */
import { describe, expect, it } from "vitest";
import { families } from "../../src/autodiff/rules/index.js";
import { activation } from "../cases/activation.js";
import { convolution } from "../cases/convolution.js";
import { elementwise } from "../cases/elementwise.js";
import { matmul } from "../cases/matmul.js";
import { movement } from "../cases/movement.js";
import { normalization } from "../cases/normalization.js";
import { pooling } from "../cases/pooling.js";
import { reduction } from "../cases/reduction.js";
import { resize } from "../cases/resize.js";
import { checkRule, type OperatorCase, targets } from "../helpers/operators.js";

/** Quantisers have no slope to compare with: `test/oracle/quantized.test.ts` compares them with PyTorch. */
const cases: Record<Exclude<keyof typeof families, "quantization">, readonly OperatorCase[]> = {
  elementwise,
  activation,
  normalization,
  reduction,
  matmul,
  convolution,
  pooling,
  resize,
  movement,
};

describe.each(Object.entries(cases))("%s", (family, list) => {
  describe.each(targets)("for %s", (target) => {
    const named = list.map((test, i) => [`${i} ${test.name ?? test.op}`, test] as const);
    it.each(named)("%s", (_, test) => checkRule(test, 0, target));
  });

  it("has a case for every rule", () => {
    const covered = new Set(list.map((test) => test.op));
    const rows = Object.keys(families[family as keyof typeof families]);
    expect(rows.filter((op) => !covered.has(op))).toEqual([]);
  });
});
