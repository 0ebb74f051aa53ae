/** Images, label files and the lists, palettes, label maps and class names beside them. */
import { damaged } from "../../mutations/bytes.mjs";
import { damagedText } from "../../mutations/text.mjs";
import { classes, dataFiles, plainModel } from "../material.mjs";
import { mutatedPng } from "./png.mjs";
import { bySegments } from "./segments.mjs";
import { soundImages } from "./sound.mjs";
import { mutatedTiff } from "./tiff.mjs";

const structured = { ...bySegments, png: mutatedPng, tif: mutatedTiff };

export async function material() {
  return { ...(await soundImages()), model: plainModel(), data: dataFiles() };
}

const run = ["eval", "--model", "model.onnx", "--eps", "1/255", "--dry-run"];
const known = ["--classes", String(classes)];
const folders = ["--data", "folder:images,labels"];

/** Files of text that the command line names: what they hold, and the flags. */
const textFiles = {
  "classes.txt": ["road\ncar\nperson\nsky\n", [...folders, "--classes", "classes.txt"]],
  "map.txt": ["0 0\n1 1\n2 2\n3 ignore\n", [...folders, ...known, "--label-map", "map.txt"]],
  "palette.txt": [
    "0 0 0 road\n1 1 1 car\n2 2 2 person\n3 3 3 sky\n",
    [...folders, ...known, "--palette", "palette.txt"],
  ],
  "VOC/ImageSets/Segmentation/val.txt": ["p0\n", ["--data", "voc:VOC", ...known, "--labels", "self"]],
};

export function makeCase({ images, labels, mat, model, data }, chance) {
  const base = { "model.onnx": model };
  const kind = chance.below(20);
  if (kind === 0) return matCase(base, mat, chance);
  if (kind < 4) return textCase({ ...base, ...data }, chance);
  const folder = chance.of(["images", "labels"]);
  const original = chance.of(folder === "images" ? images : labels);
  const { name, value } = mutated(original, chance);
  const path = `${folder}/p0.${original.ending}`;
  const files = { ...base, ...data };
  delete files[`${folder}/p0.png`];
  return {
    mutation: `${path}: ${name}`,
    files: { ...files, [path]: value },
    args: [...run, ...folders, ...(chance.is(0.7) ? known : ["--labels", "self"]), ...flags(chance)],
    named: [path, "no pixel of the only image, p0,"],
  };
}

function mutated({ ending, bytes }, chance) {
  return chance.is(0.3) ? damaged(bytes, chance) : structured[ending](bytes, chance);
}

/** How images are changed before the model sees them. */
function flags(chance) {
  return chance.of([[], [], [], ["--crop", "8x8"], ["--resize-short", "8"], ["--label-map", "reduce-zero"]]);
}

function textCase(base, chance) {
  const path = chance.of(Object.keys(textFiles));
  const [text, args] = textFiles[path];
  const { name, value } = damagedText(text, chance);
  const voc = {
    "VOC/JPEGImages/p0.jpg": base["images/p0.png"],
    "VOC/SegmentationClass/p0.png": base["labels/p0.png"],
  };
  return {
    mutation: `${path}: ${name}`,
    files: { ...base, ...(path.startsWith("VOC") && voc), [path]: value },
    args: [...run, ...args],
    // Other class names are another number of classes, which the model does not have; a list may name missing images.
    named: [path.split("/").at(-1), ...(path === "classes.txt" ? ["--classes"] : ["VOC/"])],
  };
}

/** Labels of the Semantic Boundaries Dataset. */
function matCase(base, bytes, chance) {
  const { name, value } = damaged(bytes, chance);
  const files = {
    ...base,
    "SBD/img/p0.jpg": Buffer.alloc(10),
    "SBD/cls/p0.mat": value,
    "SBD/val.txt": "p0\n",
  };
  return {
    mutation: `p0.mat: ${name}`,
    files,
    args: [...run, "--data", "sbd:SBD"],
    named: ["p0.mat", "p0.jpg", "SBD"],
  };
}
