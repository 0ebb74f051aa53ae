/** Graphs that ask for more memory or time than a machine has are refused before they are run, by the node's name. */
import { totalmem } from "node:os";
import { expect, it, vi } from "vitest";
import { float32, int64, SeawallError, type Tensor } from "../../src/base/index.js";
import { trace } from "../../src/compile/index.js";
import { losses } from "../../src/loss/index.js";
import {
  emptyGraph,
  type Graph,
  GraphBuilder,
  readModel,
  type Value,
  writeModel,
} from "../../src/onnx/index.js";
import { openModel } from "../../src/oracle/index.js";

/** Image → image + what `grow` makes, its last element at most. */
function hostile(grow: (b: GraphBuilder, image: Value) => Value): Graph {
  const graph = emptyGraph("hostile", 18);
  const b = new GraphBuilder(graph);
  const image = b.input("image", "float32", [1, 3, 4, 4]);
  const grown = b.within("grown", () => grow(b, image));
  b.output(
    b.add(image, b.mul(b.reduce("ReduceMax", b.reshape(b.cast(grown, "float32"), [-1]), [0], false), 0)),
    "y",
  );
  return graph;
}

const bool = (value: boolean): Tensor => ({ type: "bool", dims: [], data: Uint8Array.of(Number(value)) });
const sub = (value: Graph) => ({ kind: "graph", value }) as const;
const size = (b: GraphBuilder, ...lengths: number[]) => b.constant(int64([lengths.length], lengths));
const one = (b: GraphBuilder, dims: number[] = [1]) =>
  b.constant(float32(dims, new Float32Array(dims.reduce((p, d) => p * d, 1)).fill(1)));

/** The body of a loop: [turn, condition, carried] → [condition, carried]. */
function body(name: string, next: (b: GraphBuilder, carried: Value) => Value, shape = [1]): Graph {
  const graph = emptyGraph(name, 18);
  const b = new GraphBuilder(graph);
  b.input(`${name}/turn`, "int64", []);
  const condition = b.input(`${name}/condition`, "bool", []);
  const carried = b.input(`${name}/carried`, "float32", shape);
  b.output(condition);
  b.output(next(b, carried));
  return graph;
}

const loop = (b: GraphBuilder, turns: number, inner: Graph) =>
  b.op("Loop", [b.constant(int64([], [turns])), b.constant(bool(true)), one(b)], { body: sub(inner) });

/** `start`, doubled `times` times by an operator of two inputs. */
function doubled(b: GraphBuilder, times: number, twice: (value: Value) => Value): Value {
  let value = one(b);
  for (let i = 0; i < times; i++) value = twice(value);
  return value;
}

it.each<[string, RegExp, (b: GraphBuilder, image: Value) => Value]>([
  ["ConstantOfShape", /ConstantOfShape "grown\/.*GiB/, (b) => b.op("ConstantOfShape", [size(b, 2 ** 31)])],
  ["Expand", /Expand "grown/, (b) => b.op("Expand", [one(b), size(b, 2 ** 16, 2 ** 16)])],
  ["Tile", /Tile "grown/, (b) => b.op("Tile", [one(b), size(b, 2 ** 40)])],
  [
    "Range",
    /Range "grown/,
    (b) =>
      b.op(
        "Range",
        [0, 1e12, 1].map((n) => b.constant(int64([], [n]))),
      ),
  ],
  [
    "OneHot",
    /OneHot "grown/,
    (b) =>
      b.op("OneHot", [size(b, 1, 2, 3), b.constant(int64([], [2 ** 40])), b.constant(float32([2], [0, 1]))]),
  ],
  [
    "EyeLike",
    /Expand|EyeLike/,
    (b) => b.op("EyeLike", [b.op("Expand", [one(b, [1, 1]), size(b, 2 ** 17, 2 ** 17)])]),
  ],
  ["Pad", /Pad "grown/, (b) => b.op("Pad", [one(b), size(b, 2 ** 40, 0)])],
  [
    "Resize",
    /Resize "grown/,
    (b) => b.op("Resize", [one(b, [1, 1, 2, 2]), "", "", size(b, 1, 1, 2 ** 20, 2 ** 20)]),
  ],
  ["RandomNormal", /RandomNormal "grown/, (b) => b.op("RandomNormal", [], { shape: [2 ** 20, 2 ** 20] })],
  [
    "ScatterND over much",
    /Expand "grown/,
    (b) =>
      b.op("ScatterND", [b.op("Expand", [one(b), size(b, 2 ** 33)]), b.constant(int64([1, 1], [0])), one(b)]),
  ],
  ["Concat, doubled", /Concat "grown/, (b) => doubled(b, 31, (value) => b.concat([value, value], 0))],
  [
    "outer products",
    /(Mul|Reshape|Unsqueeze) "grown/,
    (b) => {
      const line = b.op("Expand", [one(b), size(b, 2 ** 20)]);
      return b.mul(b.reshape(line, [2 ** 20, 1]), b.reshape(line, [1, 2 ** 20]));
    },
  ],
  [
    "a size that is computed",
    /Tile "grown/,
    (b) => {
      const many = b.op("Floor", [b.op("Exp", [b.constant(float32([1], [27.7]))])]);
      return b.op("Tile", [one(b), b.cast(many, "int64")]);
    },
  ],
  [
    "sizes computed one after the other",
    /ConstantOfShape "grown/,
    (b) => {
      const grow = (times: Value) =>
        b.reshape(
          b.cast(
            b.reduce("ReduceSum", b.op("ConstantOfShape", [times], { value: float32([1], [1]) }), [0], false),
            "int64",
          ),
          [1],
        );
      let times = b.cast(b.op("Floor", [b.op("Exp", [b.constant(float32([1], [5]))])]), "int64");
      for (let i = 0; i < 6; i++) times = b.mul(grow(times), b.constant(int64([1], [100])));
      return b.op("ConstantOfShape", [times]);
    },
  ],
  [
    "a size that the image decides",
    /Tile "grown.*depends on the pixels/,
    (b, image) => {
      const many = b.reshape(b.cast(b.reduce("ReduceSum", image, [0, 1, 2, 3], false), "int64"), [1]);
      return b.op("Tile", [one(b), many]);
    },
  ],
  [
    "work of products",
    /MatMul "grown.*(long|work)/,
    (b) => {
      let square = b.op("Expand", [one(b, [1, 1]), size(b, 2 ** 13, 2 ** 13)]);
      for (let i = 0; i < 4; i++) square = b.matmul(square, square);
      return b.reshape(square, [-1]);
    },
  ],
  [
    "a loop of many turns",
    /Loop "grown.*100000 nodes/,
    (b) =>
      loop(
        b,
        1e12,
        body("l", (i, v) => i.neg(v)),
      ),
  ],
  [
    "loops in loops",
    /Loop "grown.*100000 nodes/,
    (b) =>
      loop(
        b,
        50_000,
        body("outer", (o, v) =>
          o.op("Loop", [o.constant(int64([], [50_000])), o.constant(bool(true)), v], {
            body: sub(body("inner", (i, w) => i.neg(w))),
          }),
        ),
      ),
  ],
  [
    "a loop that doubles",
    /Concat "grown/,
    (b) =>
      loop(
        b,
        45,
        body("l", (i, v) => i.concat([v, v], 0)),
      ),
  ],
  [
    "a loop that ends by itself",
    /Loop "grown.*how often it runs/,
    (b) => {
      const inner = body("l", (i, v) => i.add(v, 1));
      const i = new GraphBuilder(inner);
      const more = i.op("Less", [i.op("Squeeze", [inner.outputs[1]!.name]), i.scalar(1e12)]);
      inner.outputs[0] = { name: more, type: undefined, shape: undefined };
      return b.op("Loop", ["", b.constant(bool(true)), one(b)], { body: sub(inner) });
    },
  ],
  [
    "a branch that grows",
    /If "grown.*which of its branches/,
    (b, image) => {
      const branch = (name: string, lengths: number) => {
        const graph = emptyGraph(name, 18);
        const i = new GraphBuilder(graph);
        i.output(i.op("ConstantOfShape", [i.constant(int64([1], [lengths]))]));
        return graph;
      };
      const condition = b.op("Greater", [b.reduce("ReduceSum", image, [0, 1, 2, 3], false), b.scalar(1)]);
      return b.op("If", [condition], {
        then_branch: sub(branch("much", 2 ** 31)),
        else_branch: sub(branch("little", 1)),
      });
    },
  ],
])(
  "%s",
  async (_, message, grow) => {
    const error = await trace(hostile(grow)).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(message);
    expect(error).toBeInstanceOf(SeawallError);
    expect(String(error)).toMatch(message);
  },
  10_000,
);

/** On an axis of less than no length, the engine's inference of a slice ends the process. */
it.each<[string, (b: GraphBuilder, image: Value) => Value]>([
  ["Conv", (b, image) => b.op("Conv", [image, one(b, [3, 3, 9, 9])])],
  [
    "ConvTranspose",
    (b, image) => b.op("ConvTranspose", [image, one(b, [3, 3, 3, 3])], { pads: [9, 9, 9, 9] }),
  ],
  ["MaxPool", (b, image) => b.op("MaxPool", [image], { kernel_shape: [9, 9] })],
  ["AveragePool", (b, image) => b.op("AveragePool", [image], { kernel_shape: [9, 9] })],
  ["Pad", (b, image) => b.op("Pad", [image, size(b, 0, 0, -9, 0, 0, 0, 0, 0)], { mode: "reflect" })],
])(
  "refuses an image that is smaller than the kernel of a %s, though its output is sliced",
  async (op, shrink) => {
    const graph = hostile((b, image) => {
      const small = b.op("Relu", [shrink(b, image)]);
      return b.op("Slice", [small, size(b, 1, 1), size(b, -1, -1), size(b, 2, 3)]);
    });
    await expect(trace(graph)).rejects.toThrow(
      new RegExp(
        `^${op} "grown.* makes an axis of less than no length: the image is smaller than its kernel`,
      ),
    );
  },
);

it("measures slices of what was cut, one after the other", async () => {
  const graph = hostile((b, image) => {
    const step = (value: Value) => {
      const pooled = b.op("MaxPool", [value], { kernel_shape: [2, 2], pads: [1, 1, 0, 0] });
      return b.op("Slice", [pooled, size(b, 0), size(b, -1), size(b, 2)]);
    };
    return step(step(image));
  });
  const { types } = await trace(graph);
  const slices = graph.nodes.filter(({ op }) => op === "Slice");
  expect(slices.map(({ outputs }) => types.get(outputs[0]!)?.shape)).toEqual([
    [1, 3, 3, 4],
    [1, 3, 2, 4],
  ]);
});

it("refuses a pass that needs more memory than SEAWALL_MEMORY allows", async () => {
  const graph = hostile((b) => b.op("ConstantOfShape", [size(b, 2 ** 24)]));
  vi.stubEnv("SEAWALL_MEMORY", "60MiB");
  await expect(trace(graph)).rejects.toThrow("this process may have 0.1 GiB");
  vi.unstubAllEnvs();
  await expect(trace(graph)).resolves.toBeDefined();
});

it("refuses a gradient that keeps more of the forward pass than the machine has memory, though that pass needs little", async () => {
  const [layers, channels] = [256, 4];
  const side = Math.ceil(Math.sqrt((2 * totalmem()) / (4 * channels * layers)));
  const graph = emptyGraph("deep", 18);
  graph.file = "deep.onnx";
  const b = new GraphBuilder(graph);
  let value = b.op("Conv", [b.input("image", "float32", [1, 3, side, side]), one(b, [channels, 3, 1, 1])]);
  for (let i = 0; i < layers; i++) value = b.op("Sigmoid", [value]);
  b.output(b.op("Conv", [value, one(b, [channels, channels, 1, 1])]), "logits");
  const model = await openModel(graph);
  const oracle = model.oracle({ losses: [losses.ce] });
  await expect(oracle.open()).rejects.toThrow(
    /^deep\.onnx: the gradient needs \d+ GiB of weights and values of the forward pass at once, and this process may have/,
  );
});

it("takes an input that no image can fill for hostile", async () => {
  const graph = hostile((_, image) => image);
  graph.inputs[0] = { ...graph.inputs[0]!, shape: [1, 3, 2 ** 20, 2 ** 20] };
  await expect(trace(graph)).rejects.toThrow(/input "image" .*TiB|input "image" .*GiB/);
});

it("folds sizes that are computed in several stages, each from the one before", async () => {
  const graph = hostile((b, image) => {
    const side = b.op("Floor", [b.op("Sqrt", [b.cast(b.op("Size", [image]), "float32")])]);
    const line = b.op("Range", [b.scalar(0), side, b.scalar(1)]);
    const turned = b.op("Expand", [line, b.concat([b.op("Shape", [line]), b.op("Shape", [line])], 0)]);
    return b.op("Tile", [b.reshape(turned, [-1]), b.op("Shape", [line])]);
  });
  const { types } = await trace(graph);
  expect(types.get("y")).toEqual({ type: "float32", shape: [1, 3, 4, 4] });
});

it("measures operators of which the engine infers nothing by running them", async () => {
  const graph = hostile((b, image) => b.op("NonZero", [b.add(image, 1)]));
  await expect(trace(graph)).resolves.toBeTruthy();
});

it.each([
  ["not_larger", [8, 12], [8, 8]],
  ["not_smaller", [8, 12], [12, 12]],
] as const)("measures a Resize that keeps the ratio of its axes, %s", async (policy, sizes, sides) => {
  const resized = (...lengths: number[]) =>
    hostile((b, image) => {
      const attributes = { mode: "nearest", axes: [2, 3], keep_aspect_ratio_policy: policy };
      return b.op("Resize", [image, "", "", size(b, ...lengths)], attributes);
    });
  const { graph, types } = await trace(resized(...sizes));
  const resize = graph.nodes.find(({ op }) => op === "Resize")!;
  expect(types.get(resize.outputs[0]!)!.shape).toEqual([1, 3, ...sides]);
  await expect(trace(resized(2 ** 20, 2 ** 20))).rejects.toThrow(/Resize "grown/);
});

/** Relu after Relu. */
function chain(length: number): Graph {
  const b = new GraphBuilder(emptyGraph("chain", 18));
  let value = b.input("image", "float32", [1, 3, 4, 4]);
  for (let i = 0; i < length; i++) value = b.op("Relu", [value]);
  b.output(value, "y");
  return b.graph;
}

it("measures thousands of nodes in little time, and refuses more than the engine opens", async () => {
  const start = performance.now();
  const { types } = await trace(chain(3000));
  expect(performance.now() - start).toBeLessThan(20_000);
  expect(types.get("Relu_2999:0")).toEqual({ type: "float32", shape: [1, 3, 4, 4] });
  await expect(trace(chain(20_000))).rejects.toThrow("the network has 20,001 nodes, expected at most 20,000");
});

it("names the file in every refusal", async () => {
  const graph = hostile((b) => b.op("Tile", [one(b), size(b, 2 ** 40)]));
  const read = readModel(writeModel(graph), { file: "their/model.onnx" });
  await expect(openModel(read)).rejects.toThrow(/^their\/model\.onnx: Tile "grown/);
});
