/** The checker itself: it must refuse wrong rules, or the tests that rest on it mean nothing. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Gradient, rules, unbroadcast } from "../../src/autodiff/index.js";
import { float32 } from "../../src/base/index.js";
import type { GraphBuilder } from "../../src/onnx/index.js";
import { activation } from "../cases/activation.js";
import { elementwise } from "../cases/elementwise.js";
import { normalization } from "../cases/normalization.js";
import { reduction } from "../cases/reduction.js";
import { checkRule, type OperatorCase } from "../helpers/operators.js";

/** Checks a case with another gradient in the place of the operator's own. */
async function checkWith(test: OperatorCase, gradient: Gradient): Promise<void> {
  vi.spyOn(rules[test.op]!, "gradient").mockImplementation(gradient);
  await checkRule(test);
}

const refuses = (test: OperatorCase, gradient: Gradient) =>
  expect(checkWith(test, gradient)).rejects.toThrow(/differences give|shape of the gradient/);

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a factor of 1.0005 is refused", () => {
  const first = new Map<string, OperatorCase>();
  for (const test of [...elementwise, ...activation, ...normalization, ...reduction]) {
    const constant = test.name?.match(/^Pow 0(,|$)/);
    if (!first.has(test.op) && !constant) first.set(test.op, test);
  }

  it.each([...first])("%s", async (op, test) => {
    const { gradient } = rules[op]!;
    await refuses(test, (context, gradients, build) =>
      gradient(context, gradients, build).map((result) => result && build.mul(result, 1.0005)),
    );
  });
});

describe("a dropped term is refused", () => {
  it("softmax without its sum", async () => {
    await refuses({ op: "Softmax", inputs: [[2, 5]] }, ({ outputs: [y] }, [g], b) => [b.mul(g!, y!)]);
  });

  it("gelu without its density", async () => {
    const share: Gradient = ({ inputs: [x] }, [g], b) => {
      const error = b.op("Erf", [b.mul(x!, Math.SQRT1_2)]);
      return [b.mul(g!, b.mul(b.add(error, 1), 0.5))];
    };
    await refuses({ op: "Gelu", inputs: [[12]], opset: 20 }, share);
  });

  it.each(["mean", "direction"])("layer normalization without its projection along the %s", async (kept) => {
    const test: OperatorCase = {
      op: "LayerNormalization",
      inputs: [[3, 8], float32([8], [1, 1, 1, 1, 1, 1, 1, 1])],
    };
    await refuses(test, ({ inputs: [x, scale] }, [g], b) => {
      const [xhat, , inverse] = b.ops("LayerNormalization", [x!, scale!], 3);
      const mean = (value: string) => b.reduce("ReduceMean", value, [1]);
      const removed = kept === "mean" ? b.mul(xhat!, mean(b.mul(g!, xhat!))) : mean(g!);
      return [b.mul(inverse!, b.sub(g!, removed))];
    });
  });
});

describe("a wrong tie is refused", () => {
  const equal = { domain: [0.5, 0.5] } as const;
  const toAll = (b: GraphBuilder, x: string, y: string, g: string) =>
    b.mul(g, b.cast(b.op("Equal", [x, y]), "float32"));

  it("the maximum of two equal values, given to both in full", async () => {
    const test: OperatorCase = { op: "Max", inputs: [[4], float32([], [0.5])], ...equal };
    await checkRule(test);
    await refuses(test, ({ inputs, outputs: [y] }, [g], b) => inputs.map((x) => toAll(b, x, y!, g!)));
  });

  it("the maximum along an axis of two, given to both in full", async () => {
    const test: OperatorCase = { op: "ReduceMax", inputs: [[3, 2], { ...axisOne }], ...equal };
    await checkRule(test);
    await refuses(test, ({ inputs: [x], outputs: [y] }, [g], b) => [toAll(b, x!, y!, g!)]);
  });
});

const axisOne = { type: "int64", dims: [1], data: BigInt64Array.of(1n) } as const;

describe("a wrong shape is refused", () => {
  it("a gradient left in the shape it was broadcast to", async () => {
    await refuses({ op: "Sub", inputs: [[3], [2, 3]] }, (_, [g], b) => [g, b.neg(g!)]);
  });

  it("a gradient summed over another axis of the same length", async () => {
    const other: Gradient = ({ shape, inputs }, [g], b) => [
      b.reshape(unbroadcast(b, g!, [3, 3], [3, 1]), shape(inputs[0]!)),
      b.neg(g!),
    ];
    await refuses(
      {
        op: "Sub",
        inputs: [
          [1, 3],
          [3, 3],
        ],
      },
      other,
    );
  });
});
