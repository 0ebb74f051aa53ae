/**
 * Timings behind the thresholds in `src/compile/lower/facts/thresholds.ts`:
 *
 *     npm run bench -- lowering [THRESHOLD …]
 *
 * For each threshold, one composite operator is written at sizes around it. The operator is lowered with other values of
 * the threshold, which force each form in turn. The median time of both forms, run in alternation, is printed in
 * milliseconds.
 */
import { addAt, axisProducts, convolutionMap } from "../dist/autodiff/fragments/composites.js";
import { picks, transposed } from "../dist/autodiff/fragments/taps.js";
import { float32, sizeOf } from "../dist/base/index.js";
import { cpuThresholds, lower } from "../dist/compile/index.js";
import { emptyGraph, GraphBuilder } from "../dist/onnx/index.js";
import { openSession } from "../dist/runtime/index.js";

const range = (length) => Array.from({ length }, (_, i) => i);

/** Square windows, padded to keep the size at stride 1. */
function windowsOf(side, height, width, stride = 1) {
  const before = Math.floor(side / 2);
  return [height, width].map((input) => {
    const output = Math.floor((input + 2 * before - side) / stride) + 1;
    const after = (output - 1) * stride + side - before - input;
    return { input, output, kernel: side, stride, dilation: 1, before, after, declaredAfter: before };
  });
}

/** A map of a convolution, depthwise unless `inner` and `outer` are given. */
function convolution(build, operator, { side, height, stride, inner = 1, outer = 1 }) {
  const groups = inner * outer === 1 ? 64 : 1;
  const windows = windowsOf(side, height, 64, stride);
  const image = [1, groups * inner, ...windows.map(({ input }) => input)];
  const result = [1, groups * outer, ...windows.map(({ output }) => output)];
  const kernel = [groups * outer, inner, side, side];
  const operands = {
    Convolution: [image, kernel],
    ConvolutionInputGradient: [result, kernel],
    ConvolutionKernelGradient: [image, result],
  }[operator];
  const [left, right] = operands.map((shape, i) => build.input(`x${i}`, "float32", shape));
  return convolutionMap(build, operator, left, right, { batch: 1, groups, inner, outer, windows });
}

function along(build, operator, shape, axis, map) {
  const maps = new Map([axis].flat().map((each) => [each, map]));
  return axisProducts(build, operator, build.input("x0", "float32", shape), shape, maps);
}

/** Every output is a weighted sum of `width` neighbouring inputs; there are half as many outputs as inputs. */
function banded(inputs, width) {
  const taps = (o) =>
    range(width).map((t) => ({ from: Math.min(2 * o + t, inputs - 1), weight: 1 / (t + 2) }));
  return { inputs, taps: range(inputs / 2).map(taps) };
}

const repeated = (count, times) =>
  picks(
    range(count * times).map((o) => Math.floor(o / times)),
    count,
  );

function atLabel(build, classes) {
  const [base, update] = [
    [1, classes, 65536],
    [1, 1, 65536],
  ].map((shape, i) => build.input(`x${i}`, "float32", shape));
  const labels = build.cast(build.op("Clip", [build.op("Abs", [update]), 0, classes - 1]), "int64");
  return build.composite("AddAtLabel", [base, labels, update], { classes });
}

/** For each threshold: sizes around it, a function that writes an operator of that size, and the values that force each form. */
const cases = {
  rowTaps: [[9, 25, 49], (b, taps) => convolution(b, "Convolution", { side: Math.sqrt(taps), height: 32 })],
  rowHeight: [[20, 40, 80], (b, height) => convolution(b, "Convolution", { side: 7, height })],
  rowHeightOfKernel: [
    [40, 80, 160],
    (b, height) => convolution(b, "ConvolutionKernelGradient", { side: 7, height }),
  ],
  tiledChannels: [
    [128, 256, 512],
    (b, channels) => convolution(b, "Convolution", { side: 3, height: 64, inner: channels, outer: channels }),
  ],
  tiledPixels: [
    [16, 32, 64, 128],
    (b, height) => convolution(b, "Convolution", { side: 3, height, inner: 512, outer: 512 }),
  ],
  transposedTaps: [
    [9, 25, 49],
    (b, taps) => convolution(b, "ConvolutionInputGradient", { side: Math.sqrt(taps), height: 64, stride: 2 }),
  ],
  kernelProducts: [
    [9, 25, 49],
    (b, taps) =>
      convolution(b, "ConvolutionKernelGradient", {
        ...{ side: Math.sqrt(taps), height: 64, inner: 3, outer: 32 },
      }),
  ],
  kernelChannels: [
    [3, 4, 8, 16],
    (b, inner) =>
      convolution(b, "ConvolutionKernelGradient", { side: 3, height: 64, stride: 2, inner, outer: 32 }),
  ],
  slices: [
    [8, 16, 32],
    (b, count) => {
      const order = range(8 * count).map((o) => 8 * (count - 1 - Math.floor(o / 8)) + (o % 8));
      return along(b, "AxisProducts", [1, 64, 8 * count, 64], 2, sumsOf(order));
    },
  ],
  blockSize: [
    [128, 256, 512],
    (b, n) => along(b, "AxisProducts", [1, 150, n, n], 2, banded(n, 4)),
    [32, 64, 128],
  ],
  wholeProduct: [[128, 256, 512], (b, n) => along(b, "AxisProducts", [1, 19, n, n], 2, banded(n, 4))],
  oneHotLength: [
    [256, 512, 1024],
    (b, n) =>
      addAt(
        b,
        b.input("x0", "float32", [1, n, 256]),
        [1, n, 256],
        range(n).map((i) => (i * 7) % (n / 2)),
        n,
      ),
  ],
  pooledWindow: [
    [4, 16, 64],
    (b, elements) => {
      const side = Math.sqrt(elements);
      return along(
        b,
        "ResizeGradient",
        [1, 64, 64 * side, 64 * side],
        [2, 3],
        transposed(repeated(64, side)),
      );
    },
  ],
  tileSide: [[2, 3, 4], (b, side) => along(b, "PoolGradient", [1, 64, 64, 64], [2, 3], repeated(64, side))],
  labelClasses: [[10, 20, 40, 150], atLabel],
};

/** Every output is the sum of two inputs, which a gather cannot compute. */
function sumsOf(order) {
  const taps = order.map((from) =>
    [from, (from + 8) % order.length].map((each) => ({ from: each, weight: 1 })),
  );
  return { inputs: order.length, taps };
}

/** Sessions of one operator with the threshold set to each value. */
async function open(name, size, write, values) {
  const threshold = cpuThresholds[name];
  const kept = threshold.value;
  const sessions = [];
  for (const value of values) {
    threshold.value = value;
    const build = new GraphBuilder(emptyGraph(`${name} ${size}`, 18));
    build.output(write(build, size), "y");
    const graph = lower(build, new Map(), "cpu");
    const feeds = Object.fromEntries(
      graph.inputs.map((input) => [
        input.name,
        float32(
          input.shape,
          range(sizeOf(input.shape)).map((i) => Math.sin(i)),
        ),
      ]),
    );
    sessions.push({ session: await openSession(graph, { threads: 2 }), feeds, times: [] });
  }
  threshold.value = kept;
  return sessions;
}

const median = (times) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];

/** Prints the times of both forms for the named thresholds, or for all thresholds if none is named. */
export async function timeLowering(names) {
  for (const name of names.length > 0 ? names : Object.keys(cases)) {
    if (!cases[name])
      throw new Error(`${name}: unknown threshold; known are ${Object.keys(cases).join(", ")}`);
    const [sizes, write, values = [0, Number.POSITIVE_INFINITY]] = cases[name];
    console.log(`${name}, ${cpuThresholds[name].value}: ${cpuThresholds[name].meaning}`);
    for (const size of sizes) {
      const sessions = await open(name, size, write, values);
      for (let turn = 0; turn < 15; turn++) {
        for (const { session, feeds, times } of sessions) {
          const started = performance.now();
          await session.run(feeds);
          times.push(performance.now() - started);
        }
      }
      const shown = sessions.map(({ times }, i) => `threshold ${values[i]}: ${median(times).toFixed(2)} ms`);
      console.log(`  ${size}: ${shown.join(", ")}`);
      for (const { session } of sessions) await session.dispose();
    }
  }
}
