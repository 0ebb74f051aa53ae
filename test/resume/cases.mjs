/** What is killed: the verbs that write files, each in its configurations. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { classes, makeCheckpoint, makeFinishedRun, makePictures, makeShards, side } from "./material.mjs";
import { seawall } from "./program.mjs";

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string[]} args the command line; it writes `out` or `out.*` in its working folder
 * @property {boolean} [resumes] whether the same command line goes on where a killed one was; else it begins anew
 * @property {(folder: string) => void} [begin] puts into the working folder what is there before
 */

/**
 * Makes the input of a verb, and gives its cases.
 * @param place a folder for the input
 * @param {object} [sizes] how much is written by the verbs that cannot be resumed
 * @returns {Promise<Case[]>}
 */
export function casesOf(verb, place, sizes = {}) {
  return verbs[verb](place, { images: 100, architecture: "segmenter-vit-ti", ...sizes });
}

const verbs = {
  async eval(place) {
    makePictures(place);
    const at = (name) => join(place, name);
    const data = (labels) => ["--data", `folder:${at("images")}${labels}`, "--classes", `${classes}`];
    const attack = (model, ...flags) => [
      "eval",
      "--model",
      at(model),
      "--threads",
      "1",
      "--out",
      "out",
      "--resume",
      ...flags,
    ];
    const truth = (...flags) =>
      attack("model.onnx", ...data(`,${at("labels")}`), "--ignore-label", "255", ...flags);
    const whole = {
      "sea-2024, two radii": truth(
        ...["--attacks", "sea-2024", "--eps", "4/255,16/255", "--steps", "40"],
        ...["--class-weights", `folder:${at("images")},${at("labels")}`],
      ),
      "surge in rounds": truth(
        "--attacks",
        "surge",
        "--eps",
        "32/255",
        "--steps",
        "auto:0.2",
        "--max-steps",
        "400",
      ),
      "two seeds without gradients": truth(
        ...["--attacks", "square,region-search", "--eps", "16/255", "--steps", "150", "--seeds", "2"],
        ...["--parallel", "2"],
      ),
      "perturbed images, traces": truth(
        ...["--attacks", "apgd:ce,segpgd", "--eps", "4/255,8/255", "--steps", "150"],
        ...["--save-images", "--trace", "3", "--parallel", "1"],
      ),
      windows: truth(
        ...["--attacks", "apgd:mask-ce,noise", "--eps", "8/255", "--steps", "60"],
        ...["--window", `${side / 2}x${side / 2}`, "--stride", `${side / 4}x${side / 4}`],
      ),
      "transfer from another model": truth(
        ...[
          "--surrogate",
          at("other.onnx"),
          "--attacks",
          "apgd:ce,pgd:ce",
          "--eps",
          "8/255",
          "--steps",
          "60",
        ],
      ),
      "quantised, its own labels": attack(
        "quantised.onnx",
        ...data(""),
        ...[
          "--labels",
          "self",
          "--attacks",
          "sea-2023",
          "--eps",
          "8/255",
          "--steps",
          "40",
          "--parallel",
          "2",
        ],
      ),
    };
    const cases = Object.entries(whole).map(([name, args]) => ({ name, args, resumes: true }));
    return [...cases, afterAnotherShard(place, truth)];
  },

  async train(place) {
    makePictures(place);
    const data = `folder:${join(place, "images")},${join(place, "labels")}`;
    const args = [
      ...[
        "train",
        "--architecture",
        "upernet-convnext-micro-cvst",
        "--data",
        data,
        "--classes",
        `${classes}`,
      ],
      ...["--ignore-label", "255"],
      ...["--crop", "32x32", "--base-size", "36", "--batch-size", "2", "--hold-out", "2", "--epochs", "6"],
      ...["--warmup-epochs", "1", "--attack-steps", "1", "--validation-steps", "1", "--threads", "1"],
      ...["--out", "out", "--resume"],
    ];
    return [{ name: "six epochs", args, resumes: true }];
  },

  async merge(place, { images }) {
    await makeShards(place, images);
    const shards = [1, 2].map((number) => join(place, `large${number}`));
    return [{ name: `two shards of ${images} images`, args: ["merge", ...shards, "--out", "out"] }];
  },

  async report(place, { images }) {
    await makeFinishedRun(place, images);
    const finished = join(place, "finished");
    const args = ["report", "out", "--format", "html,csv,junit"];
    const asFirst = (folder) => cpSync(finished, join(folder, "out"), { recursive: true });
    const reported = join(place, "reported");
    cpSync(finished, reported, { recursive: true });
    seawall("report", reported, "--format", "html,csv,junit", "--gate", "clean.aAcc>0");
    const asEarlier = (folder) => cpSync(reported, join(folder, "out"), { recursive: true });
    return [
      { name: `html, csv, junit of ${images} images`, args, begin: asFirst },
      { name: "over earlier reports", args, begin: asEarlier },
    ];
  },

  async convert(place, { architecture }) {
    await makeCheckpoint(place, architecture);
    const weights = join(place, "weights.safetensors");
    const size = ["--size", "64x64"];
    const args = ["convert", "--weights", weights, ...size, "--out"];
    const earlier = join(place, "earlier.onnx");
    seawall(...args, earlier, "--half");
    return [
      { name: `${architecture} to .onnx`, args: [...args, "out.onnx"] },
      {
        name: "over an earlier file",
        args: [...args, "out.onnx"],
        begin: (folder) => cpSync(earlier, join(folder, "out.onnx")),
      },
      { name: "to .safetensors", args: ["convert", "--model", earlier, "--out", "out.safetensors"] },
    ];
  },

  async grad(place, { architecture }) {
    await makeCheckpoint(place, architecture);
    const model = join(place, "model.onnx");
    seawall("convert", "--weights", join(place, "weights.safetensors"), "--size", "64x64", "--out", model);
    const args = ["grad", "--model", model, "--loss", "ce", "--input-shape", "1x3x64x64", "--no-check"];
    return [{ name: `${architecture} with its gradient`, args: [...args, "--out", "out.onnx"] }];
  },
};

/** The second round of a shard, which needs the first round of another. */
function afterAnotherShard(place, truth) {
  const flags = truth("--attacks", "apgd:ce,sharpen:expected-miou", "--eps", "16/255", "--steps", "80");
  const [one, two] = ["shard1", "shard2"].map((name) => join(place, name));
  const run = (number, ...more) => [...flags, "--shard", `${number}/2`, ...more];
  // Of two --out flags, the last one counts.
  seawall(...run(1, "--out", one));
  seawall(...run(2, "--out", two));
  return {
    name: "a shard after another",
    args: run(1, "--after", two),
    resumes: true,
    begin: (folder) => cpSync(one, join(folder, "out"), { recursive: true }),
  };
}

export const verbNames = Object.keys(verbs);
