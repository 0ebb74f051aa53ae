/** ONNX files: damaged as graphs, or as bytes. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { damaged } from "../../mutations/bytes.mjs";
import { classes, dataFiles, goldenFile, goldenFiles, side } from "../material.mjs";
import { edges } from "./edges.mjs";
import { external, externalFiles } from "./external.mjs";
import { growth } from "./growth.mjs";
import { soundModels } from "./models.mjs";
import { values } from "./values.mjs";

const tables = [edges, values, growth, external];

export async function material() {
  const operators = ["opset/", "functions/"]
    .flatMap((folder) => goldenFiles(folder, ".onnx"))
    .map(goldenFile);
  return { networks: soundModels(), operators, data: dataFiles() };
}

/** Command lines that read a model of a network, and how often each is run. */
const shape = `1x3x${side}x${side}`;
const data = ["--data", "folder:images,labels", "--classes", String(classes), "--eps", "1/255"];
const grad = ["grad", "--model", "model.onnx", "--out", "gradient.onnx"];
const readers = [
  [35, [...grad, "--input-shape", shape, "--no-check"]],
  [15, [...grad, "--input-shape", shape]],
  [15, [...grad, "--loss", "none"]],
  [5, [...grad, "--input-shape", shape, "--params"]],
  [25, ["eval", "--model", "model.onnx", ...data, "--dry-run"]],
  [2, ["eval", "--model", "model.onnx", ...data, "--attacks", "apgd:ce", "--steps", "2"]],
  [1, ["doctor", "--model", "model.onnx"]],
  [2, ["convert", "--model", "model.onnx", "--out", "weights.safetensors"]],
];
const lines = readers.flatMap(([times, args]) => Array.from({ length: times }, () => args));

export function makeCase({ networks, operators, data: files }, chance) {
  const isNetwork = chance.is(0.75);
  const original = chance.of(isNetwork ? networks : operators);
  const { mutation, bytes } = chance.is(0.2) ? asBytes(original, chance) : asGraph(original, chance);
  return {
    mutation,
    files: {
      "model.onnx": bytes,
      ...(isNetwork && files),
      ...(mutation.includes("another file") && externalFiles),
    },
    args: isNetwork
      ? chance.of(lines)
      : [...grad, "--loss", "none", ...(chance.is(0.5) ? ["--no-check"] : [])],
    named: ["model.onnx"],
  };
}

function asBytes(original, chance) {
  const { name, value } = damaged(original, chance);
  return { mutation: name, bytes: value };
}

/** One to three mutations of the graph. */
function asGraph(original, chance) {
  const model = fromBinary(ModelProtoSchema, original);
  const count = chance.of([1, 1, 1, 2, 3]);
  const names = Array.from({ length: count }, () => chance.mutate(chance.of(tables), model).name);
  return { mutation: names.join(", "), bytes: toBinary(ModelProtoSchema, model) };
}
