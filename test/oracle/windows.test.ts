/** Models that see an image window by window: against MMSegmentation's slide mode, and against one graph of all windows. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { float32, randomStream, sizeOf } from "../../src/base/index.js";
import { differentiated, type Loss, losses } from "../../src/loss/index.js";
import { emptyGraph, type Graph, GraphBuilder, type Value } from "../../src/onnx/index.js";
import { Meter } from "../../src/oracle/answers/meter.js";
import { checkGradient, type ModelOptions, openModel } from "../../src/oracle/index.js";
import { windowGrid } from "../../src/oracle/windows/grid.js";
import { WindowedNetwork } from "../../src/oracle/windows/network.js";
import { tinyImage, tinyLabels, tinyModel } from "../helpers/models.js";
import { convolutionalModel } from "../helpers/quantised.js";

type Pair = readonly [height: number, width: number];
const size = ([height, width]: Pair) => ({ height, width });

interface GoldenCase {
  readonly window: Pair;
  readonly stride: Pair;
  readonly size: Pair;
  readonly image: readonly number[];
  readonly labels: readonly number[];
  readonly logits: readonly number[];
  readonly objective: number;
  readonly gradient: readonly number[];
}

const golden = JSON.parse(readFileSync(new URL("../golden/windows.json", import.meta.url), "utf8")) as {
  readonly scale: number;
  readonly classes: number;
  readonly cases: readonly GoldenCase[];
};

/** The network of tools/windows_golden.py. */
function goldenNetwork(): Graph {
  const graph = emptyGraph("golden", 18);
  const b = new GraphBuilder(graph);
  const weight = (...dims: number[]) =>
    b.constant(
      float32(
        dims,
        Array.from({ length: sizeOf(dims) }, (_, i) => Math.sin(i + 1) * golden.scale),
      ),
    );
  const image = b.input("image", "float32", [1, 3, "h", "w"]);
  const hidden = b.op("Conv", [image, weight(5, 3, 3, 3), weight(5)], {
    pads: [1, 1, 1, 1],
    strides: [2, 2],
  });
  const { classes } = golden;
  b.output(b.op("Conv", [b.op("Relu", [hidden]), weight(classes, 5, 1, 1), weight(classes)]), "logits");
  return graph;
}

function largestDifference(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(found.length).toBe(wanted.length);
  return Array.from(wanted).reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
}

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 0);

describe("MMSegmentation's slide mode", () => {
  it.each(golden.cases)("agrees: window $window, stride $stride, image $size", async (given) => {
    const image = size(given.size);
    const [window, stride] = [size(given.window), size(given.stride)];
    const model = await openModel(goldenNetwork(), { size: image, window, stride });
    const grid = windowGrid(image, { window, stride });
    const point = Float32Array.from(given.image);
    const network = new WindowedNetwork({ model: model.prepared, image, grid }, {});
    const { bands } = await network.forward(point, image.height, new Meter({}));
    await network.dispose();
    const pixels = image.height * image.width;
    const seen = Array.from({ length: pixels }, (_, pixel) => {
      const [y, x] = [Math.floor(pixel / image.width), pixel % image.width];
      const under = grid.places.filter(
        ({ top, left }) => y >= top && y < top + grid.height && x >= left && x < left + grid.width,
      );
      return under.length;
    });
    const logits = bands[0]!.map((sum, i) => sum / seen[i % pixels]!);
    expect(largestDifference(logits, given.logits)).toBeLessThan(1e-6);

    const oracle = model.oracle({ losses: [losses.ce] });
    const answer = await oracle.image(point, given.labels).evaluate(point, { loss: losses.ce });
    expect(Math.abs(answer.objective - given.objective)).toBeLessThan(1e-6);
    const error = largestDifference(answer.gradient, given.gradient);
    expect(error / largest(given.gradient)).toBeLessThan(1e-5);
    await oracle.dispose();
  });
});

type Network = (b: GraphBuilder, image: Value) => Value;

/** Relu between two convolutions, the first one with zeros around each window: logits K×h×w. */
const network: Network = (b, image) => {
  const weights = (dims: readonly number[]) =>
    b.constant(float32(dims, randomStream("windows", ...dims).uniform(sizeOf(dims), -1.5, 1.5)), "weight");
  const hidden = b.op("Relu", [b.op("Conv", [image, weights([8, 3, 3, 3])], { pads: [1, 1, 1, 1] })]);
  return b.op("Conv", [hidden, weights([4, 8, 1, 1])]);
};

function alone(write: Network): Graph {
  const graph = emptyGraph("alone", 18);
  const b = new GraphBuilder(graph);
  b.output(write(b, b.input("image", "float32", [1, 3, "h", "w"])), "logits");
  return graph;
}

/** One graph of the network on every window of a grid by plain loops, padded, summed and divided: an image N×3×H×W in. */
function stitched(write: Network, [height, width]: Pair, [h, w]: Pair, [down, across]: Pair): Graph {
  const graph = emptyGraph("stitched", 18);
  const b = new GraphBuilder(graph);
  const image = b.input("image", "float32", [1, 3, height, width]);
  const counts = new Float32Array(height * width);
  let sum: Value | undefined;
  for (let y = 0; y === 0 || y - down + h < height; y += down) {
    for (let x = 0; x === 0 || x - across + w < width; x += across) {
      const [top, left] = [Math.min(y, height - h), Math.min(x, width - w)];
      const part = write(b, b.slice(image, [2, 3], [top, left], [top + h, left + w]));
      const pads = b.ints([0, 0, top, left, 0, 0, height - h - top, width - w - left]);
      const padded = b.op("Pad", [part, pads]);
      sum = sum === undefined ? padded : b.add(sum, padded);
      for (let row = top; row < top + h; row++) {
        for (let column = left; column < left + w; column++) counts[row * width + column]!++;
      }
    }
  }
  b.output(b.div(sum!, b.constant(float32([1, 1, height, width], counts))), "logits");
  return graph;
}

/** A loss whose value at a pixel depends on all others: the share of the label's probability in the image. */
const related = differentiated({
  name: "related",
  value: ({ build: b, ...pixel }) =>
    b.div(pixel.crossEntropy(), b.reduce("ReduceSum", pixel.probability(), [2])),
});

describe("one graph of all windows, differentiated as a whole", async () => {
  const [image, window, stride] = [
    [19, 23],
    [8, 9],
    [5, 6],
  ] as const satisfies readonly Pair[];
  const all: readonly Loss[] = [...Object.values(losses), related];
  const options = { losses: all, classWeights: [0.1, 0.2, 0.3, 0.4] };
  const windowed = await openModel(alone(network), {
    size: size(image),
    window: size(window),
    stride: size(stride),
  });
  const whole = await openModel(stitched(network, image, window, stride));
  const [ours, theirs] = [windowed.oracle(options), whole.oracle(options)];
  const point = tinyImage(...image);
  const labels = tinyLabels(...image, 4);

  it.each(all.filter((loss) => !loss.onlyTracked))("agrees on $name", async (loss) => {
    const values = { gain: [0.5, 0, 2, 0.75], price: [1.5, 0.25, 1, 0] };
    const query = { loss, values, balance: 0.2, temperature: 0.5 };
    const found = await ours.image(point, labels).evaluate(point, query);
    const wanted = await theirs.image(point, labels).evaluate(point, query);
    for (const figure of ["objective", "tracked", "score"] as const) {
      expect(found[figure]).toBeCloseTo(wanted[figure], 5);
    }
    expect(found.correct).toBe(wanted.correct);
    const error = largestDifference(found.gradient, wanted.gradient);
    expect(error / largest(wanted.gradient)).toBeLessThan(1e-5);
  });

  it.each([losses.margin, losses.dlr])("agrees on weights and values of pixels of $name", async (loss) => {
    const weights = Float32Array.from(labels, (_, i) => i % 7);
    const found = await ours.image(point, labels).evaluate(point, { loss, weights });
    const wanted = await theirs.image(point, labels).evaluate(point, { loss, weights });
    expect(found.objective).toBeCloseTo(wanted.objective, 5);
    expect(largestDifference(found.gradient, wanted.gradient) / largest(wanted.gradient)).toBeLessThan(1e-5);
    const { values } = await ours.image(point, labels).predict(point, { loss });
    const { values: all } = await theirs.image(point, labels).predict(point, { loss });
    expect(values).toHaveLength(labels.length);
    expect(largestDifference(values!, all!)).toBeLessThan(1e-4);
    const total = values!.reduce((sum, value, i) => sum + weights[i]! * value, 0);
    expect(found.objective).toBeCloseTo(total / labels.length, 5);
  });

  it.each([undefined, losses["class-balanced-ce"], losses["expected-miou"], related])(
    "predicts the same classes (%#)",
    async (loss) => {
      const query = loss && { loss, values: { gain: [0.5, 0, 2, 0.75], price: [1.5, 0.25, 1, 0] } };
      const found = await ours.image(point, labels).predict(point, query);
      const wanted = await theirs.image(point, labels).predict(point, query);
      expect(Array.from(found.classes)).toEqual(Array.from(wanted.classes));
      expect(found.correct).toBe(wanted.correct);
      expect(found.score).toBeCloseTo(wanted.score, 5);
    },
  );

  it("counts a pass over all windows, two forward for a gradient", async () => {
    let passes = 0;
    const oracle = windowed.oracle({ ...options, onPass: () => passes++ });
    const asked = oracle.image(point, labels);
    await asked.predict(point);
    expect(asked.cost).toMatchObject({ forward: 1, backward: 0 });
    await asked.evaluate(point, { loss: losses.ce });
    expect(asked.cost).toMatchObject({ forward: 3, backward: 1 });
    expect(passes).toBe(3);
    await oracle.dispose();
  });
});

describe("models of other forms", () => {
  const [height, width] = [17, 14];
  const window = { height: 8, width: 8 };
  const bytes = (b: GraphBuilder, image: Value) => b.mul(b.cast(image, "float32"), 1 / 255);
  const uint8 = (graph: Graph): Graph => ({
    ...graph,
    inputs: graph.inputs.map((input) => ({ ...input, type: "uint8" })),
  });
  const forms: readonly (readonly [string, Graph, ModelOptions])[] = [
    ["N×H×W×C", tinyModel({ layout: "nhwc" }), {}],
    ["logits of half the window's size", tinyModel({ coarse: true }), {}],
    ["one channel behind a Sigmoid", tinyModel({ classes: 1, ending: "Sigmoid" }), {}],
    ["the window's size fixed", tinyModel({ height: 8, width: 8 }), {}],
    ["bytes", uint8(tinyModel({ before: bytes })), {}],
    ["preprocessing", tinyModel(), { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], bgr: true }],
  ];

  it.each(forms)("%s: the gradient follows finite differences", async (_, graph, options) => {
    const model = await openModel(graph, { ...options, size: { height, width }, window });
    const oracle = model.oracle({ losses: [losses.ce] });
    const point = tinyImage(height, width);
    const image = oracle.image(point, tinyLabels(height, width, oracle.classes));
    const evaluate = (x: Float32Array) => image.evaluate(x, { loss: losses.ce });
    const { error, directions } = await checkGradient(evaluate, point, randomStream("windows"), 4);
    expect(directions).toBe(4);
    expect(error).toBeLessThan(0.02);
    await oracle.dispose();
  });

  it("answers about two windows of a quantised model side by side as about each alone", async () => {
    const file = convolutionalModel("qdq");
    const [alone, both] = [
      await openModel(file),
      await openModel(file, {
        size: { height: 6, width: 12 },
        window: { height: 6, width: 6 },
        stride: { height: 6, width: 6 },
      }),
    ];
    const halves = [tinyImage(6, 6, "left"), tinyImage(6, 6, "right")];
    const labels = tinyLabels(6, 6, alone.classes);
    const beside = (left: ArrayLike<number>, right: ArrayLike<number>) =>
      Array.from({ length: left.length / 6 }, (_, row) =>
        [left, right].flatMap((part) => Array.from(part).slice(6 * row, 6 * row + 6)),
      ).flat();
    const [one, two] = [alone, both].map((model) => model.oracle({ losses: [losses.ce] }));
    const answers = await Promise.all(
      halves.map((half) => one!.image(half, labels).evaluate(half, { loss: losses.ce })),
    );
    const point = Float32Array.from(beside(halves[0]!, halves[1]!));
    const found = await two!.image(point, beside(labels, labels)).evaluate(point, { loss: losses.ce });
    expect(found.correct).toBe(answers[0]!.correct + answers[1]!.correct);
    const wanted = beside(answers[0]!.gradient, answers[1]!.gradient).map((value) => value / 2);
    expect(largest(wanted)).toBeGreaterThan(0);
    expect(largestDifference(found.gradient, wanted) / largest(wanted)).toBeLessThan(1e-5);
  });

  it("averages the semantic maps of a query-based model, not their logarithms", async () => {
    // Without Resize: the masks have the window's size.
    const scores = (b: GraphBuilder, image: Value) => {
      const { classes, masks } = queryOutputs(b, image);
      const known = b.slice(b.op("Softmax", [classes], { axis: -1 }), [2], [0], [3]);
      const places = b.reshape(b.op("Sigmoid", [masks]), [1, 5, 64]);
      return b.reshape(b.matmul(b.transpose(known, [0, 2, 1]), places), [1, 3, 8, 8]);
    };
    const graph = emptyGraph("queries", 18);
    const b = new GraphBuilder(graph);
    const { classes, masks } = queryOutputs(b, b.input("image", "float32", [1, 3, 8, 8]));
    b.output(classes, "class_logits");
    b.output(masks, "mask_logits");
    const model = await openModel(graph, { size: { height, width }, window });
    const mean = stitched(scores, [height, width], [8, 8], [5, 5]);
    const build = new GraphBuilder(mean);
    const last = mean.outputs.pop()!.name;
    build.output(build.log(last), "logarithm");
    const [ours, theirs] = [model, await openModel(mean, { output: "logarithm" })].map((one) =>
      one.oracle({ losses: [losses.ce] }),
    ) as [ReturnType<typeof model.oracle>, ReturnType<typeof model.oracle>];
    const point = tinyImage(height, width);
    const labels = tinyLabels(height, width, 3);
    const found = await ours.image(point, labels).evaluate(point, { loss: losses.ce });
    const wanted = await theirs.image(point, labels).evaluate(point, { loss: losses.ce });
    expect(found.objective).toBeCloseTo(wanted.objective, 5);
    const error = largestDifference(found.gradient, wanted.gradient);
    expect(error / largest(wanted.gradient)).toBeLessThan(1e-5);
  });
});

/** Class logits N×5×4 from the image's mean, mask logits N×5×h×w from a convolution. */
function queryOutputs(b: GraphBuilder, image: Value): { classes: Value; masks: Value } {
  const weights = (dims: readonly number[]) =>
    b.constant(float32(dims, randomStream("queries", ...dims).uniform(sizeOf(dims), -1, 1)), "weight");
  const mean = b.reduce("ReduceMean", image, [2, 3], false);
  return {
    classes: b.reshape(b.matmul(mean, weights([3, 20])), [1, 5, 4]),
    masks: b.op("Conv", [image, weights([5, 3, 3, 3])], { pads: [1, 1, 1, 1] }),
  };
}

describe("the grid", () => {
  it("is MMSegmentation's", () => {
    for (let length = 1; length <= 40; length++) {
      for (let window = 1; window <= 12; window++) {
        for (let stride = 1; stride <= window; stride++) {
          const { places, height } = windowGrid(
            { height: length, width: 1 },
            { window: { height: window, width: 1 }, stride: { height: stride, width: 1 } },
          );
          const count = Math.floor(Math.max(length - window + stride - 1, 0) / stride) + 1;
          const wanted = Array.from({ length: count }, (_, i) => {
            const end = Math.min(i * stride + window, length);
            return [Math.max(end - window, 0), end];
          });
          expect(places.map(({ top }) => [top, top + height])).toEqual(wanted);
        }
      }
    }
  });

  it("moves by two thirds of the window where no stride is given", () => {
    const { places } = windowGrid({ height: 512, width: 853 }, { window: { height: 512, width: 512 } });
    expect(places).toEqual([
      { top: 0, left: 0 },
      { top: 0, left: 341 },
    ]);
  });

  it("refuses a stride that leaves pixels between windows", () => {
    const sliding = { window: { height: 8, width: 8 }, stride: { height: 4, width: 9 } };
    expect(() => windowGrid({ height: 32, width: 32 }, sliding)).toThrow(
      "--stride 4x9: larger than the window, 8x8, so that no window would see the pixels between; give at most the window's size",
    );
  });
});

describe("sizes that do not fit", () => {
  const fixed = tinyModel({ height: 8, width: 10 });
  const open = (height: number, width: number, window: Pair, graph = fixed) =>
    openModel(graph, { size: { height, width }, window: size(window) });

  it("names the size that the model fixes", async () => {
    await expect(open(20, 20, [8, 8])).rejects.toThrow(
      "--window 8x8: the model's input is fixed at 8x10; give --window 8x10, or export the model with an open size",
    );
  });

  it("says how to enlarge images that are smaller than a fixed size", async () => {
    await expect(open(7, 20, [8, 10])).rejects.toThrow(
      /^an image of 20×7 pixels \(width×height\) is smaller than the model's input, which is fixed at 10×8; enlarge images with --resize-short 10,/,
    );
  });

  it("cuts the window to a smaller image, as MMSegmentation does, and says so", async () => {
    const model = await open(7, 20, [8, 10], tinyModel());
    expect(model.prepared).toMatchObject({ height: 7, width: 10 });
    expect(model.notices.at(-1)).toBe(
      "windows of 10×8 pixels, one every 6×5: 3 over an image of 20×7 (width×height), averaged where they overlap; they are cut to 10×7, since the image is smaller",
    );
  });

  it("runs an image of a window's size as a whole", async () => {
    const [windowed, whole] = await Promise.all([
      open(8, 10, [8, 10]),
      openModel(fixed, { size: { height: 8, width: 10 } }),
    ]);
    const [point, labels] = [tinyImage(8, 10), tinyLabels(8, 10, 4)];
    const answers = [windowed, whole].map(async (model) => {
      const image = model.oracle({ losses: [losses.ce] }).image(point, labels);
      return { ...(await image.evaluate(point, { loss: losses.ce })), forward: image.cost.forward };
    });
    expect(await answers[0]).toEqual(await answers[1]);
  });
});
