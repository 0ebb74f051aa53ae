/** Sound models, which together have most operators that networks use. */
import { float } from "../../../../dist/onnx/index.js";
import { classes, modelOf, plainModel, randomWeights } from "../material.mjs";

const padded = { pads: [1, 1, 1, 1] };

function convolution(b, x, from, to, attributes = padded, side = 3) {
  return b.op("Conv", [x, randomWeights(b, [to, from, side, side]), randomWeights(b, [to])], attributes);
}

/** Logits of the image's size, from those at a fraction of it. */
function enlarged(b, logits, image) {
  const [many, sides] = [
    b.slice(b.op("Shape", [logits]), [0], [0], [2]),
    b.slice(b.op("Shape", [image]), [0], [2], [4]),
  ];
  const sizes = b.concat([many, sides], 0);
  return b.op("Resize", [logits, "", "", sizes], { mode: "linear" });
}

function pyramid(b, image) {
  const first = b.op("Clip", [
    convolution(b, image, 3, 8, { ...padded, strides: [2, 2] }),
    b.scalar(0),
    b.scalar(6),
  ]);
  const pooled = b.op("MaxPool", [first], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 });
  const means = b.op("GlobalAveragePool", [pooled]);
  const stats = [0.5, 0.1, 0.2, 0.9].map(() => randomWeights(b, [8]));
  const normal = b.op("BatchNormalization", [
    b.op("Add", [pooled, means]),
    ...stats.slice(0, 3),
    b.op("Abs", [stats[3]]),
  ]);
  const up = b.op("ConvTranspose", [normal, randomWeights(b, [8, 8, 2, 2])], { strides: [2, 2] });
  const joined = b.concat([up, first], 1);
  return enlarged(b, convolution(b, joined, 16, classes, {}, 1), image);
}

function transformer(b, image) {
  const patches = convolution(b, image, 3, 8, { strides: [4, 4] }, 4);
  const shape = b.op("Shape", [patches]);
  const tokens = b.transpose(b.op("Reshape", [patches, b.ints([0, 8, -1])]), [0, 2, 1]);
  const normal = b.op("LayerNormalization", [tokens, randomWeights(b, [8]), randomWeights(b, [8])], {
    axis: -1,
  });
  const [q, k, v] = [1, 2, 3].map((n) =>
    b.op("MatMul", [normal, randomWeights(b, [8, 8], `projection${n}`)]),
  );
  const products = b.op("Einsum", [q, k], { equation: "bqd,bkd->bqk" });
  const attended = b.op("MatMul", [
    b.op("Softmax", [b.op("Mul", [products, b.scalar(0.35)])], { axis: -1 }),
    v,
  ]);
  const [left, right] = b.ops("Split", [attended, b.ints([4, 4])], 2, { axis: -1 });
  const bent = b.op("Where", [b.op("Less", [right, b.scalar(0)]), right, b.op("Tanh", [right])]);
  const mixed = b.concat([b.op("Erf", [left]), bent], -1);
  const back = b.op("Reshape", [b.transpose(mixed, [0, 2, 1]), shape]);
  return enlarged(b, convolution(b, back, 8, classes, {}, 1), image);
}

function shuffling(b, image) {
  const wide = b.op("Pad", [image, b.ints([0, 0, 2, 2, 0, 0, 2, 2])], { mode: "reflect" });
  const many = convolution(b, wide, 3, 16, { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: 1 });
  const spaced = b.op("SpaceToDepth", [b.op("DepthToSpace", [many], { blocksize: 2 })], { blocksize: 2 });
  const cut = b.slice(spaced, [2, 3], [2, 2], [-2, -2]);
  const tiled = b.op("Tile", [b.reduce("ReduceMean", cut, [2, 3]), b.ints([1, 1, 1, 1])]);
  const chosen = b.op("Gather", [b.op("Add", [cut, tiled]), b.ints([3, 1, 2, 0])], { axis: 1 });
  const added = b.op("Add", [chosen, b.op("Expand", [randomWeights(b, [4, 1, 1]), b.ints([1, 4, 1, 1])])]);
  return b.op("LeakyRelu", [added], { alpha: float(0.1) });
}

function quantised(b, image) {
  const scheme = [b.scalar(0.02), b.constant({ type: "uint8", dims: [], data: Uint8Array.of(128) })];
  const through = (x) => b.op("DequantizeLinear", [b.op("QuantizeLinear", [x, ...scheme]), ...scheme]);
  const kernel = b.constant({
    type: "int8",
    dims: [8, 3, 3, 3],
    data: Int8Array.from({ length: 216 }, (_, i) => ((i * 37) % 255) - 127),
  });
  const zero = b.constant({ type: "int8", dims: [], data: Int8Array.of(0) });
  const weights = b.op("DequantizeLinear", [kernel, b.scalar(0.01), zero]);
  const hidden = through(b.op("Relu", [b.op("Conv", [through(image), weights], padded)]));
  return convolution(b, hidden, 8, classes, {}, 1);
}

function channelsLast(b, image) {
  const planes = b.transpose(image, [0, 3, 1, 2]);
  return b.op("Softmax", [b.transpose(convolution(b, planes, 3, classes), [0, 2, 3, 1])], { axis: -1 });
}

/** The bytes of each model. Each takes images of 16×16 pixels. */
export function soundModels() {
  return [
    plainModel(),
    ...[pyramid, transformer, shuffling, quantised].map((write) => modelOf(write)),
    ...[pyramid, transformer].map((write) => modelOf(write, [1, 3, 16, 16])),
    modelOf(channelsLast, [1, 16, 16, 3]),
  ];
}
