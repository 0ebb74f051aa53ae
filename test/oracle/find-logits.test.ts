/** The search for logits, on graphs with made-up types: every layout with every ending, and what is refused. */
import { describe, expect, it } from "vitest";
import type { TypedShape } from "../../src/autodiff/index.js";
import { type DataType, float32 } from "../../src/base/index.js";
import { emptyGraph, type Graph, GraphBuilder, type Value } from "../../src/onnx/index.js";
import { findLogits, type LogitsOptions } from "../../src/oracle/logits.js";

const [height, width, classes] = [6, 10, 4];
const shapes = { nchw: [1, classes, height, width], nhwc: [1, height, width, classes] } as const;
const layouts = ["nchw", "nhwc"] as const;

/** A graph that does something to an input `logits`, and the types that are claimed for its values. */
function madeUp(
  shape: readonly number[],
  write: (b: GraphBuilder, logits: Value) => Value = (_, logits) => logits,
  type: DataType = "float32",
): { graph: Graph; types: Map<Value, TypedShape>; logits: Value } {
  const graph = emptyGraph("made-up", 18);
  const b = new GraphBuilder(graph);
  const logits = b.op("Relu", [b.input("before", "float32", shape)]);
  b.output(write(b, logits), "output");
  const types = new Map<Value, TypedShape>([
    [logits, { type, shape: [...shape] }],
    ["output", { type, shape: [...shape] }],
  ]);
  return { graph, types, logits };
}

function find(
  { graph, types }: Pick<ReturnType<typeof madeUp>, "graph" | "types">,
  options: Partial<LogitsOptions> = {},
) {
  return findLogits(graph, types, { imageLayout: "nchw", height, width, ...options });
}

type Write = (b: GraphBuilder, logits: Value, axis: number) => Value;

const endings: readonly (readonly [string, Write])[] = [
  ["Softmax", (b, x, axis) => b.op("Softmax", [x], { axis })],
  ["Softmax", (b, x, axis) => b.op("Softmax", [x], { axis: axis - 4 })],
  ["LogSoftmax", (b, x, axis) => b.op("LogSoftmax", [x], { axis })],
  ["ArgMax", (b, x, axis) => b.op("ArgMax", [x], { axis, keepdims: 0 })],
  ["ArgMax", (b, x, axis) => b.op("ArgMax", [x], { axis: axis - 4 })],
];

const carriers: readonly (readonly [string, Write])[] = [
  ["nothing", (_, x) => x],
  ["Identity", (b, x) => b.op("Identity", [x])],
  ["Cast", (b, x) => b.cast(x, "float64")],
  ["Squeeze", (b, x) => b.op("Squeeze", [x, b.ints([0])])],
  ["Mul by a constant", (b, x) => b.mul(x, 255)],
  ["Round after Mul", (b, x) => b.op("Round", [b.mul(x, 255)])],
  ["Clip", (b, x) => b.op("Clip", [x, b.scalar(0), b.scalar(1)])],
];

describe.each(layouts)("logits in %s", (layout) => {
  const shape = shapes[layout];
  const axis = layout === "nchw" ? 1 : 3;

  describe.each(endings)("before %s (case %#)", (op, end) => {
    it.each(carriers)("and %s are found, whatever the image's layout", (_, carry) => {
      const model = madeUp(shape, (b, x) => carry(b, end(b, x, axis), axis));
      for (const imageLayout of layouts) {
        const found = find(model, { imageLayout });
        expect(found).toMatchObject({ value: model.logits, layout, binary: false, classes });
        expect(found.notices).toHaveLength(1);
        expect(found.notices[0]).toContain(`output "output" ends in ${op}`);
      }
    });
  });

  it("before a second ending are found behind both", () => {
    const model = madeUp(shape, (b, x) => b.op("ArgMax", [b.op("Softmax", [x], { axis })], { axis }));
    expect(find(model).value).toBe(model.logits);
    expect(find(model).layout).toBe(layout);
  });

  it("without an ending are the output itself, told by the image's size", () => {
    for (const imageLayout of layouts) {
      expect(find(madeUp(shape), { imageLayout })).toMatchObject({ value: "output", layout, notices: [] });
    }
  });

  it("at half the size are told by their proportions", () => {
    const half = layout === "nchw" ? [1, classes, 3, 5] : [1, 3, 5, classes];
    expect(find(madeUp(half)).layout).toBe(layout);
  });

  it("of one channel are two classes", () => {
    const one = layout === "nchw" ? [1, 1, height, width] : [1, height, width, 1];
    const found = find(
      madeUp(one, (b, x) => b.op("Sigmoid", [x])),
      { classes: 2 },
    );
    expect(found).toMatchObject({ layout, binary: true, classes: 2 });
    expect(found.notices).toHaveLength(2);
    expect(found.notices[1]).toContain("one channel u: two classes with logits (0, u)");
  });

  it("are read as the user says", () => {
    const cube = [1, 8, 8, 8];
    expect(find(madeUp(cube), { layout, height: 8, width: 8 })).toMatchObject({ layout, classes: 8 });
    expect(find(madeUp(cube), { imageLayout: layout, height: 8, width: 8 }).layout).toBe(layout);
  });
});

describe("one channel behind a comparison", () => {
  const one = [1, 1, height, width];
  it.each(["Greater", "GreaterOrEqual"])("%s with a constant: the compared value", (op) => {
    const model = madeUp(one, (b, x) => b.op(op, [x, b.scalar(0)]));
    expect(find(model)).toMatchObject({ value: model.logits, binary: true, classes: 2 });
  });

  it.each(["Greater", "GreaterOrEqual"])("%s of a Sigmoid: what the Sigmoid reads", (op) => {
    const model = madeUp(one, (b, x) => b.op(op, [b.op("Sigmoid", [x]), b.scalar(0.5)]));
    expect(find(model).value).toBe(model.logits);
  });

  it("with another value of the graph: left alone", () => {
    const model = madeUp(one, (b, x) => b.op("Greater", [x, b.mul(x, 2)]));
    expect(find(model).value).toBe("output");
  });
});

describe("maps that lack an axis, or have one too many", () => {
  const places = height * width;
  it.each<[string, readonly number[], "nchw" | "nhwc", readonly number[]]>([
    ["N×(H·W)×K", [1, places, classes], "nhwc", shapes.nhwc],
    ["N×K×(H·W)", [1, classes, places], "nchw", shapes.nchw],
    ["N×(h·w)×K at half the size", [1, places / 4, classes], "nhwc", [1, 3, 5, classes]],
    ["N×H×W", [1, height, width], "nchw", [1, 1, height, width]],
    ["masks of one prompt, N×1×1×h×w", [1, 1, 1, height, width], "nchw", [1, 1, height, width]],
  ])("%s", (form, shape, layout, full) => {
    const found = find(madeUp(shape));
    expect(found).toMatchObject({ value: "output", layout, shape: full });
    expect(found.notices[0]).toContain(`[${shape.join(", ")}] is read as ${form.replace(/[Hh]·.*/, "")}`);
  });

  it("a Softmax says which axis has the classes", () => {
    const square = [1, places, places];
    for (const [axis, layout] of [
      [1, "nchw"],
      [2, "nhwc"],
    ] as const) {
      const model = madeUp(square, (b, x) => b.op("Softmax", [x], { axis }));
      expect(find(model)).toMatchObject({ value: model.logits, layout, classes: places });
    }
  });
});

it("of several outputs, the only map of the image is taken", () => {
  const model = madeUp(shapes.nchw);
  const b = new GraphBuilder(model.graph);
  b.output(b.op("Neg", [model.logits]), "quality");
  model.types.set("quality", { type: "float32", shape: [1, 1] });
  expect(find(model)).toMatchObject({ value: "output", classes });
  expect(find(model).notices[0]).toMatch(/of the outputs .* only "output" is a map of the image/);
});

describe("the search stops at", () => {
  it.each<[string, Write]>([
    ["an operator that computes", (b, x) => b.op("Relu", [b.op("Softmax", [x], { axis: 1 })])],
    ["a product of two values", (b, x) => b.mul(b.op("Softmax", [x], { axis: 1 }), x)],
    ["a scaling without an ending before it", (b, x) => b.mul(x, 2)],
  ])("%s", (_, write) => {
    expect(find(madeUp(shapes.nchw, (b, x) => write(b, x, 1)))).toMatchObject({
      value: "output",
      notices: [],
    });
  });
});

describe("refused are", () => {
  it("class indices with nothing behind them", () => {
    expect(() => find(madeUp([1, height, width], undefined, "int64"))).toThrow(
      /output "output" is int64 and no logits were found behind it/,
    );
  });

  it.each([[[1, 4]], [[1, 6, 9]], [[1, 59, 4]], [[1, 1, 4, 6, 10]]])("shape %j", (shape) => {
    expect(() => find(madeUp(shape))).toThrow(
      `[${shape.join(", ")}] is no map of an image of 6×10 (height×width); logits`,
    );
  });

  it("another number of classes than the labels have", () => {
    expect(() => find(madeUp(shapes.nchw), { classes: 5 })).toThrow("with 5 classes");
    expect(find(madeUp(shapes.nchw), { classes }).classes).toBe(classes);
  });

  it("maps of other proportions", () => {
    expect(() => find(madeUp([1, 40, 3, 30]))).toThrow("is no map of an image of 6×10 (height×width); give");
  });

  it("several outputs, unless one is named", () => {
    const model = madeUp(shapes.nchw);
    const b = new GraphBuilder(model.graph);
    b.output(b.op("Abs", [model.logits]), "aux");
    model.types.set("aux", { type: "float32", shape: [1, 7, 3, 5] });
    b.output(b.op("Neg", [model.logits]), "quality");
    model.types.set("quality", { type: "float32", shape: [1, 1] });
    expect(() => find(model)).toThrow(
      /has 3 outputs, "output" \[1, 4, 6, 10\], "aux" \[1, 7, 3, 5\], "quality"/,
    );
    expect(() => find(model, { output: "none" })).toThrow("--output none: the model has no such output");
    expect(find(model, { output: "aux" }).classes).toBe(7);
    expect(find(model, { output: "output" }).classes).toBe(4);
  });
});

it("constants do not hide the value they scale", () => {
  const model = madeUp(shapes.nchw, (b, x) => {
    const scale = b.constant(float32([1], [3]));
    return b.op("Mul", [scale, b.op("Softmax", [x], { axis: 1 })]);
  });
  expect(find(model).value).toBe(model.logits);
});
