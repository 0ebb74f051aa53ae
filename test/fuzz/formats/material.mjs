/** Sound files that cases begin with. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { encode } from "fast-png";
import { float32 } from "../../../dist/base/index.js";
import { emptyGraph, GraphBuilder, writeModel } from "../../../dist/onnx/index.js";
import { Chance } from "../mutations/chance.mjs";

const golden = new URL("../../golden/", import.meta.url);

/** A golden file of the tests, in memory of its own. */
export function goldenFile(path) {
  return new Uint8Array(readFileSync(new URL(path, golden)));
}

/** Paths of the golden files in a folder, with this ending. */
export function goldenFiles(folder, ending) {
  const names = readdirSync(new URL(folder, golden)).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => `${folder}${name}`);
}

/** Writes files into a folder: bytes, text, or {link} to a path. */
export function writeFiles(folder, files) {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    if (Object.hasOwn(content, "link")) symlinkSync(content.link, file);
    else writeFileSync(file, content);
  }
}

export const classes = 4;
export const side = 16;

/** `count` random whole numbers below `end`. */
function draw(chance, count, end) {
  return Uint8Array.from({ length: count }, () => chance.below(end));
}

/** An RGB image and its labels, as pixels. */
export function pictures(number = 0) {
  const chance = new Chance("picture", number);
  return { pixels: draw(chance, 3 * side ** 2, 256), labels: draw(chance, side ** 2, classes) };
}

/** `images/` and `labels/` with so many pictures. */
export function dataFiles(count = 1) {
  const files = {};
  for (let i = 0; i < count; i++) {
    const { pixels, labels } = pictures(i);
    files[`images/p${i}.png`] = png(3, pixels);
    files[`labels/p${i}.png`] = png(1, labels);
  }
  return files;
}

function png(channels, data) {
  return encode({ width: side, height: side, channels, depth: 8, data });
}

/** Random weights, small enough for logits of any size of image. */
export function randomWeights(b, dims, name = "weight") {
  const chance = new Chance(name, ...dims);
  const size = dims.reduce((product, length) => product * length, 1);
  return b.constant(
    float32(
      dims,
      Array.from({ length: size }, () => chance.below(1000) / 500 - 1),
    ),
    name,
  );
}

/** The bytes of a model: an image N×3×H×W, what `write` makes of it, and logits. */
export function modelOf(write, shape = ["n", 3, "h", "w"], opset = 18) {
  const b = new GraphBuilder(emptyGraph("model", opset));
  b.output(write(b, b.input("image", "float32", shape)), "logits");
  return writeModel(b.graph);
}

/** Conv → Relu → Conv. */
export function plainModel() {
  return modelOf((b, image) => {
    const hidden = b.op("Conv", [image, randomWeights(b, [8, 3, 3, 3]), randomWeights(b, [8])], {
      pads: [1, 1, 1, 1],
    });
    return b.op("Conv", [b.op("Relu", [hidden]), randomWeights(b, [classes, 8, 1, 1])]);
  });
}
