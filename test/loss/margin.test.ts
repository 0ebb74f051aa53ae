/** Margin losses against plain arithmetic and its finite differences; weights and values of pixels. */
import { describe, expect, it } from "vitest";
import { float32, int64, randomStream } from "../../src/base/index.js";
import { lower } from "../../src/compile/index.js";
import { appendLoss, appendScore, type Loss, type LossInputs, losses } from "../../src/loss/index.js";
import { emptyGraph, GraphBuilder, type Value } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";

const pixels = 12;
const stream = randomStream("margins");
const weights = stream.uniform(pixels, 0, 3);

type Pixel = { readonly u: readonly number[]; readonly label: number };

const margin = ({ u, label }: Pixel) => u[label]! - Math.max(...u.filter((_, k) => k !== label));
const ratio = ({ u, label }: Pixel) => {
  const [first, , third] = [...u].sort((a, b) => b - a);
  return -(margin({ u, label }) + 1e-4) / (u.length < 3 ? 1 : first! - third! + 1e-8);
};

const plain: [Loss, (pixel: Pixel) => number][] = [
  [losses.margin, (pixel) => -margin(pixel)],
  [losses["mask-margin"], (pixel) => Math.min(0, -margin(pixel))],
  [losses.dlr, ratio],
];

const sizeOf = (logits: Float32Array) => ({ images: 1, pixels, classes: logits.length / pixels });

/** Runs a graph of what is appended to K·P logits. */
async function outputs(
  logits: Float32Array,
  labels: readonly number[],
  append: (build: GraphBuilder, inputs: LossInputs) => object,
) {
  const { classes } = sizeOf(logits);
  const build = new GraphBuilder(emptyGraph("margin", 18));
  const inputs = {
    logits: build.input("logits", "float32", [1, classes, pixels]),
    labels: build.constant(int64([1, pixels], labels)),
  };
  for (const [name, value] of Object.entries<Value>({ ...append(build, inputs) })) build.output(value, name);
  const session = await openSession(lower(build, new Map(), "cpu"), { threads: 1 });
  const results = await session.run({ logits: float32([1, classes, pixels], logits) });
  await session.dispose();
  return (name: string) => results[name]?.data as Float32Array | undefined;
}

describe.each(plain)("$name", (loss, of) => {
  it.each([2, 3, 5])("has the value and the slope of its formula for %i classes", async (classes) => {
    const logits = stream.uniform(classes * pixels, -3, 3);
    const labels = Array.from({ length: pixels }, (_, i) => (i === 0 ? -1 : i % classes));
    const at = (j: number, shifted = -1, by = 0): number => {
      if (labels[j]! < 0) return 0;
      const u = Array.from({ length: classes }, (_, k) => logits[k * pixels + j]! + (k === shifted ? by : 0));
      return of({ u, label: labels[j]! });
    };
    const found = await outputs(logits, labels, (build, inputs) => {
      const perPixel = build.constant(float32([1, 1, pixels], weights));
      return appendLoss(build, [loss], inputs, { ...sizeOf(logits), weights: perPixel });
    });
    const predicted = await outputs(logits, labels, (build, inputs) =>
      appendScore(build, loss, inputs, sizeOf(logits)),
    );
    const wanted = labels.map((_, j) => at(j));
    const total = wanted.reduce((sum, value, j) => sum + value * weights[j]!, 0);
    expect(found("objective")![0]).toBeCloseTo(total / pixels, 4);
    for (const [i, slope] of found("gradient")!.entries()) {
      const [k, j] = [Math.floor(i / pixels), i % pixels];
      const numeric = (at(j, k, 1e-4) - at(j, k, -1e-4)) / 2e-4;
      expect(slope).toBeCloseTo((numeric * weights[j]!) / pixels, 3);
    }
    const values = predicted("values");
    expect(values && Array.from(values)).toEqual(
      loss.weighed ? wanted.map((value) => expect.closeTo(value, 4)) : undefined,
    );
  });
});
