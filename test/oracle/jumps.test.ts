/** Functions that jump are told from their graph; their gradient is written, and what could not be checked is said. */
import { describe, expect, it } from "vitest";
import { float32, randomStream, sizeOf } from "../../src/base/index.js";
import { emptyGraph, type Graph, GraphBuilder, type Value } from "../../src/onnx/index.js";
import {
  describeCheck,
  excuseJump,
  exportGradient,
  type GradientCheck,
  jumpOf,
} from "../../src/oracle/index.js";

const [height, width] = [16, 24];

function model(write: (b: GraphBuilder, image: Value) => Value): Graph {
  const b = new GraphBuilder(emptyGraph("jumping", 18));
  b.output(write(b, b.input("image", "float32", [1, 3, height, width])), "scores");
  return b.graph;
}

function conv(b: GraphBuilder, x: Value, to: number, from: number): Value {
  const dims = [to, from, 3, 3];
  const kernel = float32(dims, randomStream("jumps", to, from).uniform(sizeOf(dims), -0.6, 0.6));
  return b.op("Conv", [x, b.constant(kernel)], { pads: [1, 1, 1, 1] });
}

/** SegNet in small: a pooling hands its indices to an unpooling, and convolutions follow. */
const segnet = model((b, image) => {
  const features = conv(b, image, 8, 3);
  const [pooled, indices] = b.ops("MaxPool", [features], 2, { kernel_shape: [2, 2], strides: [2, 2] });
  const up = b.op("MaxUnpool", [pooled!, indices!], { kernel_shape: [2, 2], strides: [2, 2] });
  return conv(b, b.op("Relu", [conv(b, up, 8, 8)]), 4, 8);
});

describe("a node that jumps", () => {
  it.each<[string, (b: GraphBuilder, x: Value) => Value, string | undefined]>([
    ["rounding", (b, x) => b.op("Round", [x]), "Round"],
    ["reading at a place that the image decides", gatherByMaximum, "GatherElements"],
    ["reading at a fixed place", (b, x) => b.op("Gather", [x, b.ints([0, 2])], { axis: 1 }), undefined],
    ["rounding of a constant", (b, x) => b.add(x, b.op("Round", [b.scalar(1.3)])), undefined],
    ["a kink", (b, x) => b.op("Relu", [x]), undefined],
  ])("%s", (_, write, op) => {
    expect(jumpOf(model(write), "image")?.op).toBe(op);
  });

  it("that is unpooling is found", () => {
    expect(jumpOf(segnet, "image")?.op).toBe("MaxUnpool");
  });
});

function gatherByMaximum(b: GraphBuilder, x: Value): Value {
  const best = b.op("ArgMax", [x], { axis: 1, keepdims: 1 });
  return b.op("GatherElements", [x, best], { axis: 1 });
}

it("excuses a difference, and nothing else", () => {
  const node = jumpOf(segnet, "image");
  const check = (verdict: GradientCheck["verdict"]): GradientCheck => ({
    verdict,
    error: 0.2,
    directions: 4,
    norm: 1,
  });
  expect(excuseJump(check("differs"), node)).toMatchObject({ verdict: "jumps", directions: 0 });
  expect(describeCheck(excuseJump(check("differs"), node))).toMatch(
    /not checked: the loss jumps .*MaxUnpool/,
  );
  for (const verdict of ["agrees", "flat", "zero", "not finite"] as const)
    expect(excuseJump(check(verdict), node).verdict).toBe(verdict);
  expect(excuseJump(check("differs"), undefined).verdict).toBe("differs");
});

it("the gradient of a network that unpools is written, checked or not", async () => {
  const { check } = await exportGradient(segnet, { loss: "ce" });
  expect(["agrees", "jumps"]).toContain(check?.verdict);
});
