/** Losses that are given by their value alone: the derived gradient against the one by hand, and finite differences. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { float32, int64, SeawallError } from "../../src/base/index.js";
import { lower } from "../../src/compile/index.js";
import { appendLoss, differentiated, type Loss, type LossValue, losses } from "../../src/loss/index.js";
import { emptyGraph, GraphBuilder } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";

const golden = JSON.parse(readFileSync(new URL("../golden/losses.json", import.meta.url), "utf8")) as {
  dims: [number, number, number, number];
  logits: number[];
  labels: number[];
  classWeights: number[];
};
const [images, classes, height, width] = golden.dims;
const pixels = height * width;

/** Opens the graph of a loss as a function of the logits. */
async function graphOf(loss: Loss) {
  const build = new GraphBuilder(emptyGraph("loss", 18));
  const inputs = {
    logits: build.input("logits", "float32", [images, classes, pixels]),
    labels: build.constant(int64([images, pixels], golden.labels)),
    classWeights: build.constant(float32([classes], golden.classWeights)),
    balance: build.constant(float32([images, 1, 1], new Array<number>(images).fill(0.25))),
  };
  const appended = appendLoss(build, [loss], inputs, { images, classes, pixels });
  for (const name of ["objective", "tracked", "gradient"] as const) build.output(appended[name], name);
  const session = await openSession(lower(build, new Map(), "cpu"), { threads: 1 });
  return async (logits: ArrayLike<number>) => {
    const outputs = await session.run({ logits: float32([images, classes, pixels], Array.from(logits)) });
    const numbers = (name: string) => Array.from(outputs[name]!.data as Float32Array);
    return { objective: numbers("objective"), tracked: numbers("tracked"), gradient: numbers("gradient") };
  };
}

function expectClose(actual: number[], expected: number[], tolerance: number) {
  const scale = Math.max(...expected.map(Math.abs));
  const error = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));
  expect(actual).toHaveLength(expected.length);
  expect(scale).toBeGreaterThan(0);
  expect(error / scale).toBeLessThan(tolerance);
}

/** The values of losses whose gradient is also written by hand. */
const values: Readonly<Record<string, LossValue["value"]>> = {
  ce: (pixel) => pixel.crossEntropy(),
  "mask-ce": ({ build: b, ...pixel }) => b.mul(pixel.correct(), pixel.crossEntropy()),
  "class-balanced-ce": ({ build: b, ...pixel }) =>
    b.mul(b.mul(pixel.correct(), pixel.classWeight()), pixel.crossEntropy()),
  "balanced-ce": ({ build: b, ...pixel }) => {
    const right = b.mul(b.sub(1, b.mul(2, pixel.balance())), pixel.correct());
    return b.mul(b.add(right, pixel.balance()), pixel.crossEntropy());
  },
  js: ({ build: b, ...pixel }) => {
    const p = pixel.probability();
    const mixed = b.mul(b.add(1, p), b.log(b.add(1, p)));
    return b.sub(Math.LN2, b.mul(0.5, b.add(b.mul(p, pixel.crossEntropy()), mixed)));
  },
  spherical: ({ build: b, ...pixel }) => b.neg(b.mul(pixel.labelLogit(), pixel.inverseLogitNorm())),
  "mask-spherical": ({ build: b, ...pixel }) =>
    b.neg(b.mul(pixel.correct(), b.mul(pixel.labelLogit(), pixel.inverseLogitNorm()))),
};

it.each(Object.entries(values))("%s from its value alone equals the one by hand", async (name, value) => {
  const derived = await graphOf(differentiated({ name, value }));
  const byHand = await graphOf(losses[name as keyof typeof losses]);
  const logits = golden.logits.map((u) => Math.max(-20, Math.min(20, u)));
  const [a, b] = [await derived(logits), await byHand(logits)];
  expectClose(a.objective, b.objective, 1e-6);
  expectClose(a.gradient, b.gradient, 2e-5);
});

describe.each<[string, LossValue["value"]]>([
  ["focal", ({ build: b, ...pixel }) => b.mul(b.pow(b.sub(1, pixel.probability()), 2), pixel.crossEntropy())],
  ["margin", ({ build: b, ...pixel }) => b.neg(pixel.margin())],
  [
    "the largest logit once the label's is doubled",
    ({ build: b, ...pixel }) =>
      b.reduce("ReduceMax", pixel.addAtLabel(pixel.logits, pixel.labelLogit()), [1]),
  ],
])("%s", (name, value) => {
  it("follows finite differences at every logit", async () => {
    const run = await graphOf(differentiated({ name, value }));
    // No ties: there a margin has no derivative.
    const logits = golden.logits.map((_, i) => Math.sin(12.9898 * (i + 1)) * 2);
    const { gradient } = await run(logits);
    const h = 1e-2;
    for (let i = 0; i < logits.length; i += 7) {
      const moved = async (by: number) =>
        (await run(logits.map((u, j) => (j === i ? u + by : u)))).objective.reduce((sum, x) => sum + x, 0);
      const slope = ((await moved(h)) - (await moved(-h))) / (2 * h);
      expect(gradient[i]!).toBeCloseTo(slope, 4);
    }
  });

  it("tracks its own value, and ignored pixels have no part in it", async () => {
    const { objective, tracked, gradient } = await (await graphOf(differentiated({ name, value })))(
      golden.logits,
    );
    expect(tracked).toEqual(objective);
    const ignored = golden.labels.flatMap((label, at) => (label < 0 ? [at] : []));
    expect(ignored.length).toBeGreaterThan(0);
    for (const at of ignored) {
      const first = Math.floor(at / pixels) * classes * pixels + (at % pixels);
      for (let k = 0; k < classes; k++) expect(Math.abs(gradient[first + k * pixels]!)).toBe(0);
    }
  });
});

it("names an operator that a value cannot be written with, and those that it can", async () => {
  const loss = differentiated({ name: "odd", value: ({ build: b, logits }) => b.op("Det", [logits]) });
  await expect(graphOf(loss)).rejects.toThrow(SeawallError);
  await expect(graphOf(loss)).rejects.toThrow(/Det.*cannot use this operator; use Add, /);
});
