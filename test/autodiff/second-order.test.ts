/** Gradients are ordinary graphs: differentiated once more, they give second derivatives. */
import { describe, expect, it } from "vitest";
import { rules } from "../../src/autodiff/index.js";
import { float32, randomStream, sizeOf } from "../../src/base/index.js";
import { copyGraph, type Graph, GraphBuilder, simplify } from "../../src/onnx/index.js";
import { activation } from "../cases/activation.js";
import { elementwise } from "../cases/elementwise.js";
import { normalization } from "../cases/normalization.js";
import { reduction } from "../cases/reduction.js";
import { type Feeds, gradientsOf, graphOf, slopes, withGradients } from "../helpers/gradients.js";
import { type OperatorCase, prepare } from "../helpers/operators.js";

/** The graph of the gradients alone, under names that a further gradient leaves free. */
async function gradientGraph(graph: Graph, feeds: Feeds, prefix = "first"): Promise<Graph> {
  const both = copyGraph(await withGradients(graph, feeds));
  const gradients = both.outputs.map(({ name }) => name).filter((name) => name.startsWith("grad/"));
  both.outputs = [];
  const build = new GraphBuilder(both);
  for (const name of gradients) build.output(name, name.replace("grad", prefix));
  return simplify(both);
}

const cubes: Record<string, (b: GraphBuilder) => string> = {
  products: (b) => b.mul("x", b.mul("x", "x")),
  "a power": (b) => b.pow("x", 3),
  "a quotient": (b) => b.div(b.pow("x", 4), "x"),
  "a square and its root": (b) => b.pow(b.sqrt(b.mul("x", "x")), 3),
};

describe("x³ written as", () => {
  it.each(Object.entries(cubes))("%s has the derivatives 3x², 6x and 6", async (_, write) => {
    const feeds = { x: float32([3], [0.5, 1, 2]) };
    const first = await gradientGraph(
      graphOf(feeds, (b) => ({ y: write(b) })),
      feeds,
    );
    const second = await gradientsOf(first, feeds);
    for (const [i, expected] of [3, 6, 12].entries()) expect(second.x![i]).toBeCloseTo(expected, 3);
    const third = await gradientsOf(await gradientGraph(first, feeds, "second"), feeds);
    expect(Object.keys(third)).toEqual(["x"]);
    for (const value of third.x!) expect(value).toBeCloseTo(6, 2);
  });
});

describe("the gradient of every operator can be differentiated", () => {
  const first = new Map<string, OperatorCase>();
  for (const test of [...elementwise, ...activation, ...normalization, ...reduction]) {
    if (!first.has(test.op) && rules[test.op] && sizeOf(firstShape(test)) > 1) first.set(test.op, test);
  }

  it.each([...first])("%s", async (_, test) => {
    const { graph, feeds } = await prepare(test, "second order");
    const gradient = await gradientGraph(graph, feeds);
    for (const { name } of gradient.outputs) {
      const { byRules, byDifferences, scale } = await slopes(
        gradient,
        feeds,
        name,
        randomStream(name).next(),
      );
      expect(Math.abs(byRules - byDifferences) / Math.max(scale, 0.1)).toBeLessThan(2e-3);
    }
  });
});

function firstShape(test: OperatorCase): readonly number[] {
  const shape = test.inputs[0];
  return Array.isArray(shape) ? shape : [];
}
