/** Checkpoints: zips and older files of PyTorch, and safetensors; damaged by their structure, or as bytes. */
import { damaged } from "../../mutations/bytes.mjs";
import { goldenFile, goldenFiles } from "../material.mjs";
import { mutatedPickles } from "./pickle.mjs";
import { mutatedSafetensors } from "./safetensors.mjs";
import { mutatedZip } from "./zip.mjs";

export async function material() {
  const files = [".pt", ".safetensors"].flatMap((ending) => goldenFiles("weights/", ending));
  return files.map((path) => ({ path, bytes: goldenFile(path) }));
}

/** The mutations by what a file is. */
function structured({ path, bytes }, chance) {
  if (path.endsWith(".safetensors")) return mutatedSafetensors(bytes, chance);
  return path.endsWith("legacy.pt") ? mutatedPickles(bytes, chance) : mutatedZip(bytes, chance);
}

export function makeCase(sound, chance) {
  const original = chance.of(sound);
  const { name, value } = chance.is(0.3) ? damaged(original.bytes, chance) : structured(original, chance);
  const file = original.path.endsWith(".pt")
    ? chance.of(["model.pt", "model.pth", "model.bin"])
    : "model.safetensors";
  return {
    mutation: `${original.path}: ${name}`,
    files: { [file]: value },
    args: ["convert", "--weights", file, "--out", chance.is(0.9) ? "out.safetensors" : "out.onnx"],
    // A sound checkpoint of a network that is not built in becomes no .onnx file.
    named: [file],
  };
}
