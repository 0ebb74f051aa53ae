/**
 * The scenarios, which use the command line and the published library only.
 *
 * A scenario runs in its own folder next to `material`, so that paths in its output are the same everywhere.
 * steps: argument lists of `seawall`, or {script} for a script given the program's folder
 * keep: files of the folder that are compared: journals and results without times; .onnx as text; others as SHA-256
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

const losses = [
  ...["ce", "mask-ce", "soft-mask-ce-sharp", "soft-mask-ce", "soft-mask-ce-wide", "balanced-ce"],
  ...["class-balanced-ce", "js", "cospgd", "cospgd-sigmoid", "mask-spherical"],
];
const everyAttack = [
  ...["apgd", "pgd"].flatMap((family) => losses.map((loss) => `${family}:${loss}`)),
  ...["segpgd", "cospgd", "square", "noise"],
].join(",");

/** Four classes, labels as the reference, label 255 is void. */
const pictures = [
  ...["--data", "folder:../material/pictures/images,../material/pictures/labels"],
  ...["--classes", "4", "--ignore-label", "255"],
];
const weights = ["--class-weights", "folder:../material/pictures/images,../material/pictures/labels"];
const onOne = ["--limit", "1", "--batch-size", "1", "--threads", "1", "--no-report"];
const street = ["--data", "folder:../material/demo/street", "--labels", "self"];
const photos = ["--data", "folder:../material/demo/images", "--labels", "self"];

const evaluation = (model, ...more) => ["eval", "--model", model, "--out", "run", ...more];
const results = ["run/journal.jsonl", "run/run.json", "run/result.json"];

/** A built-in architecture with random weights: converted, attacked, differentiated. */
function architecture(name, size, { attacks = "sea-2023", params = true } = {}) {
  const model = "model.onnx";
  const convert = ["convert", "--weights", "checkpoint.safetensors", "--architecture", name, "--size", size];
  const attacked = ["--crop", size, ...onOne, "--eps", "4/255", "--steps", "2", "--attacks", attacks];
  const grad = ["grad", "--model", model, "--params", "--no-check", "--out", "params.onnx", ...shape(size)];
  return {
    name: `architecture-${name}`,
    checkpoint: { architecture: name, classes: 4, size },
    steps: [
      [...convert, "--out", model],
      ...(attacks ? [evaluation(model, ...pictures, ...weights, ...attacked)] : []),
      ...(params ? [grad] : []),
    ],
    keep: [model, ...(attacks ? results : []), ...(params ? ["params.onnx"] : [])],
  };
}

const shape = (size) => ["--input-shape", `1x3x${size}`];

/** A published file: one image of the demo is attacked, and gradients are exported with and without a loss. */
function published(name, model, size, classes, { opened = [], data = photos } = {}) {
  const output = opened.slice(opened.indexOf("--output"), opened.indexOf("--output") + 2);
  const named = opened.includes("--output") ? output : [];
  return {
    name: `model-${name}`,
    needs: model,
    steps: [
      evaluation(model, ...data, "--classes", classes, ...opened, ...onOne).concat([
        "--eps",
        "1/255",
        "--steps",
        "1",
        "--attacks",
        "apgd:mask-ce,apgd:js,apgd:mask-spherical",
      ]),
      ["grad", "--model", model, "--loss", "ce", "--no-check", "--out", "ce.onnx", ...shape(size), ...named],
      [
        "grad",
        "--model",
        model,
        "--loss",
        "none",
        "--no-check",
        "--out",
        "none.onnx",
        ...shape(size),
        ...named,
      ],
    ],
    keep: [...results, "ce.onnx", "none.onnx"],
  };
}

const demo = (file) => `../material/demo/${file}`;
const shared = (file) => `../material/models/${file}`;

const small = ["--base-size", "36", "--batch-size", "4", "--hold-out", "2", "--limit", "6", "--epochs", "2"];
const short = ["--warmup-epochs", "1", "--validation-steps", "1", "--threads", "1", "--workers", "0"];

/** Two updates, or with `--dry-run` the single update of a rehearsal, since large networks would write gigabytes. */
function training(name, network, crop, ...more) {
  const isRehearsal = more.includes("--dry-run");
  return {
    name: `train-${name}`,
    steps: [
      ["train", "--architecture", network, "--crop", crop, ...pictures, ...small, ...short].concat([
        "--out",
        "run",
        ...more,
      ]),
    ],
    keep: isRehearsal ? [] : ["run/log.jsonl", "run/model.onnx", "run/last.safetensors"],
  };
}

const micro = "upernet-convnext-micro-cvst";
const microModel = "../architecture-upernet-convnext-micro-cvst/model.onnx";

/** All scenarios, in order. The first one writes the model that later ones attack. */
export const scenarios = [
  architecture(micro, "32x32", { attacks: everyAttack }),
  architecture("segformer-b0", "64x64"),
  architecture("segmenter-vit-ti", "32x32"),
  architecture("pspnet-50", "33x33", { attacks: "apgd:mask-ce", params: false }),
  // Without attacks: the weights take hundreds of megabytes, and each pass of a dump over them takes seconds.
  architecture("upernet-convnext-t", "32x32", { attacks: "", params: false }),
  architecture("convnext-micro-cvst", "32x32", { attacks: "", params: false }),
  published("demo", demo("model.onnx"), "256x256", "21"),
  published("demo-fragile", demo("fragile.onnx"), "180x240", "11", { data: street }),
  published("demo-robust", demo("robust.onnx"), "180x240", "11", { data: street }),
  published("deeplab", shared("deeplab_person.onnx"), "513x513", "2"),
  published("espnet", shared("espnet_camvid.onnx"), "360x480", "11"),
  published("sinet", shared("sinet_portrait.onnx"), "320x320", "2"),
  published("twinlitenet", shared("twinlitenet_bdd.onnx"), "320x320", "2", {
    opened: ["--output", "drivable_area", "--bgr"],
  }),
  {
    name: "preprocessing",
    after: `architecture-${micro}`,
    steps: [
      evaluation(
        microModel,
        ...pictures,
        ...onOne,
        "--crop",
        "32x32",
        "--eps",
        "4/255",
        "--steps",
        "1",
      ).concat([
        "--attacks",
        "pgd:ce",
        "--input-range",
        "0,255",
        "--mean",
        "123,117,104",
        "--std",
        "58,57,57",
        "--bgr",
      ]),
    ],
    keep: results,
  },
  {
    name: "grad-checked",
    after: `architecture-${micro}`,
    steps: ["ce", "none"].map((loss) => [
      "grad",
      "--model",
      microModel,
      "--loss",
      loss,
      "--out",
      `${loss}.onnx`,
      ...shape("32x32"),
    ]),
    keep: ["ce.onnx", "none.onnx"],
  },
  {
    name: "library",
    after: `architecture-${micro}`,
    steps: [{ script: "library.mjs", model: microModel }],
    keep: ["library.json"],
  },
  {
    name: "run-two-radii",
    steps: [
      evaluation(demo("fragile.onnx"), "--classes", demo("street-classes.txt"), ...street).concat([
        "--eps",
        "1/255,4/255",
        "--attacks",
        "sea-2023",
        "--steps",
        "6",
        "--threads",
        "1",
        "--trace",
        "1",
      ]),
    ],
    keep: results,
  },
  {
    name: "run-strongest",
    after: `architecture-${micro}`,
    steps: [
      evaluation(
        microModel,
        ...pictures,
        ...weights,
        "--crop",
        "32x32",
        "--limit",
        "4",
        "--no-report",
      ).concat(
        ["--eps", "2/255,8/255", "--attacks", "strongest,noise,segpgd", "--steps", "8", "--seed", "5"],
        ["--batch-size", "2", "--threads", "1"],
      ),
    ],
    keep: results,
    // The assignment of images to workers, and with it the sessions of a worker, depends on timing.
    anyCount: true,
  },
  {
    name: "run-sharded",
    after: `architecture-${micro}`,
    steps: [
      ...["1/2", "2/2"].map((part, i) =>
        [
          "eval",
          "--model",
          microModel,
          ...pictures,
          "--labels",
          "self",
          "--crop",
          "32x32",
          "--limit",
          "4",
        ].concat(
          ["--eps", "4/255", "--attacks", "sea-2023,square", "--radius-schedule", "constant", "--steps", "5"],
          ["--protocol", "authors", "--batch-size", "1", "--threads", "1", "--no-report"],
          ["--shard", part, "--out", `part${i + 1}`],
        ),
      ),
      ["merge", "part1", "part2", "--out", "run"],
      ["verify", "run", "--sample", "3"],
    ],
    keep: ["part1/journal.jsonl", "part2/journal.jsonl", ...results],
  },
  training("micro-adamw", micro, "32x32"),
  training(
    ...["micro-sgd", micro, "32x32", "--optimizer", "sgd", "--nesterov", "--attack-gradients", "accumulate"],
    ...["--learning-rate", "0.01", "--clip", "1", "--attack-steps", "3"],
  ),
  training(
    ...["micro-mixed", micro, "32x32", "--clean-share", "0.5", "--random-start", "--ema", "0.9"],
    ...["--accumulate", "2", "--rates", "backbone=0.1", "--batch-size", "2"],
  ),
  training("micro-clean", micro, "32x32", "--attack-steps", "0"),
  training("segformer-b0", "segformer-b0", "32x32", "--attack-steps", "1"),
  training("segmenter-vit-ti", "segmenter-vit-ti", "32x32", "--attack-steps", "1"),
  training("segformer-b1", "segformer-b1", "32x32", "--optimizer", "sgd", "--dry-run"),
  training("pspnet-50-deep", "pspnet-50-deep", "33x33", "--attack-gradients", "accumulate", "--dry-run"),
  training("upernet-convnext-t-cvst", "upernet-convnext-t-cvst", "32x32", "--dry-run"),
];

/** @param {string} material the folder of the input; scenarios whose model is missing are left out */
export function presentScenarios(material) {
  return scenarios.filter(
    ({ needs }) => !needs || existsSync(join(material, needs.replace("../material/", ""))),
  );
}
