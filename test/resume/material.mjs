/** Small models, pictures, shards and a checkpoint, to run the program on. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRun } from "../../bench/made-run.mjs";
import { float32, randomStream } from "../../dist/base/index.js";
import { buildArchitecture, initialWeights } from "../../dist/nn/index.js";
import { emptyGraph, GraphBuilder, writeModel } from "../../dist/onnx/index.js";
import { writeSafetensorsFile } from "../../dist/weights/index.node.js";
import { writePictures } from "../../tools/dump/material.mjs";

export const classes = 3;
/** Pixels of a side of every picture. */
export const side = 24;

/** Models and pictures, for `eval` and `train`. */
export function makePictures(folder) {
  writePictures(folder, { count: 6, side, classes });
  writeFileSync(join(folder, "model.onnx"), writeModel(network("model")));
  writeFileSync(join(folder, "other.onnx"), writeModel(network("other")));
  writeFileSync(join(folder, "quantised.onnx"), writeModel(network("model", quantised)));
}

/** Conv 3×3 → Relu → Conv 1×1. @param between what is done to the features between both */
export function network(key, between = (_, features) => features) {
  const b = new GraphBuilder(emptyGraph("small", 20));
  const weights = (dims) => {
    const size = dims.reduce((product, length) => product * length, 1);
    return b.constant(float32(dims, randomStream("kill", key, ...dims).uniform(size, -1.5, 1.5)));
  };
  const image = b.input("image", "float32", ["n", 3, "h", "w"]);
  const hidden = b.op("Relu", [b.op("Conv", [image, weights([8, 3, 3, 3])], { pads: [1, 1, 1, 1] })]);
  b.output(b.op("Conv", [between(b, hidden), weights([classes, 8, 1, 1])]), "logits");
  return b.graph;
}

function quantised(b, features) {
  const scheme = () => [b.scalar(1 / 32), b.constant({ type: "uint8", dims: [], data: Uint8Array.of(0) })];
  return b.op("DequantizeLinear", [b.op("QuantizeLinear", [features, ...scheme()]), ...scheme()]);
}

/** Two shards of a run whose journals take a while to write. */
export async function makeShards(folder, images) {
  for (const index of [0, 1])
    await makeRun(join(folder, `large${index + 1}`), { images, shard: { index, count: 2 } });
}

/** A run with pictures and traces, for `report`. */
export async function makeFinishedRun(folder, images) {
  await makeRun(join(folder, "finished"), { images });
}

/** A checkpoint of a segmenter: `ti` has 28 MB, `micro` 3 MB. */
export async function makeCheckpoint(folder, architecture) {
  const { parameters } = buildArchitecture(architecture, { classes, size: [64, 64] });
  await writeSafetensorsFile(join(folder, "weights.safetensors"), initialWeights(parameters, 0));
}
