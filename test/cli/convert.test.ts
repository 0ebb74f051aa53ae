/** `seawall convert` and `seawall models` as processes: a checkpoint to ONNX, run, and back. */
import { existsSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { float32, type Tensor } from "../../src/base/index.js";
import { buildArchitecture, initialWeights } from "../../src/nn/index.js";
import { readModelFile } from "../../src/onnx/index.node.js";
import { writeSafetensors } from "../../src/weights/index.js";
import { readWeightsFile } from "../../src/weights/index.node.js";
import { evaluate } from "../helpers/gradients.js";
import { folderWith, seawall } from "./program.js";

const { parameters } = buildArchitecture("segformer-b0", { classes: 4, size: [64, 64] });
const weights = initialWeights(parameters, 1);
const wrapped = new Map([...weights].map(([key, tensor]) => [`module.${key}`, tensor]));
const lacking = new Map([...weights].filter(([key]) => !key.startsWith("decode_head.classifier")));

let cwd: string;
beforeAll(async () => {
  cwd = await folderWith({
    "b0.safetensors": writeSafetensors(wrapped),
    "lacking.safetensors": writeSafetensors(lacking),
    "page.pth": "<html>",
  });
});
const convert = (...args: string[]) => seawall(["convert", ...args], { cwd });

describe("seawall convert", () => {
  it("finds architecture, key map and classes, and goes to ONNX and back", async () => {
    const to = await convert("--weights", "b0.safetensors", "--size", "32x64", "--out", "b0.onnx");
    expect(to).toMatchObject({ code: 0, stdout: "" });
    expect(to.stderr).toContain("read as segformer/transformers");
    expect(to.stderr).toContain('prefix "module." removed');
    const { graph } = await readModelFile(join(cwd, "b0.onnx"));
    expect(graph.inputs).toEqual([{ name: "image", type: "float32", shape: ["N", 3, 32, 64] }]);
    const image = float32([2, 3, 32, 64], new Float32Array(2 * 3 * 32 * 64).fill(0.4));
    expect((await evaluate(graph, { image })).logits!.dims).toEqual([2, 4, 32, 64]);

    const from = await convert("--model", "b0.onnx", "--out", "back.safetensors", "--json");
    expect(from.code).toBe(0);
    expect(JSON.parse(from.stdout)).toMatchObject({ file: "back.safetensors", architecture: "segformer-b0" });
    const back = await readWeightsFile(join(cwd, "back.safetensors"));
    expect([...back.tensors.keys()].sort()).toEqual([...weights.keys()].sort());
    const key = "decode_head.linear_fuse.weight";
    expect(sum(back.tensors.get(key)!)).toBe(sum(weights.get(key)!));
    expect(back.metadata.get("seawall.normalization")).toBe("imagenet");
  });

  it("stores weights in half the bytes", async () => {
    const size = async (file: string, ...more: string[]) => {
      const made = await convert("--weights", "b0.safetensors", "--size", "32x64", "--out", file, ...more);
      expect(made.code).toBe(0);
      return (await stat(join(cwd, file))).size;
    };
    expect((await size("half.onnx", "--half")) / (await size("whole.onnx"))).toBeLessThan(0.55);
    const refused = await convert("--weights", "b0.safetensors", "--out", "half.safetensors", "--half");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--half: only a model is stored in float16");
  });

  it("copies weights of no built-in architecture to safetensors as they are", async () => {
    const golden = fileURLToPath(new URL("../golden/weights/shared.pt", import.meta.url));
    const { code, stderr } = await convert("--weights", golden, "--out", "copy.safetensors");
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/fits no built-in architecture: \d+ tensors copied/),
    ]);
    const copy = await readWeightsFile(join(cwd, "copy.safetensors"));
    const original = await readWeightsFile(golden);
    expect([...copy.tensors.keys()].sort()).toEqual([...original.tensors.keys()].sort());
    for (const [key, tensor] of original.tensors) expect(copy.tensors.get(key)!.data).toEqual(tensor.data);
  });

  it("explains itself", async () => {
    const { code, stdout } = await seawall(["convert", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: seawall convert [options]

      Makes an ONNX file from a checkpoint, or a safetensors file from a checkpoint or an ONNX file.

      Options:
        --out <FILE>                 file to write: .onnx or .safetensors
        --weights <FILE>             checkpoint: .pth, .pt or .safetensors, in any known key map
        --model <FILE>               an ONNX file that this verb wrote, instead of a checkpoint
        --architecture <NAME>        architecture, see seawall models (default: the one that fits the
                                     checkpoint)
        --classes <K>                number of classes (default: as in the checkpoint)
        --size <HxW>                 image size (default: that of the architecture's best known
                                     checkpoints)
        --batch-size <N>             fix the number of images per run (default: left open)
        --auxiliary                  keep the auxiliary head as a second output
        --normalize <none|imagenet>  normalization that the graph applies to images in [0, 1] (choices:
                                     "none", "imagenet")
        --half                       store weights in float16 (half the file size); computation stays in
                                     float32
        --allow-missing              initialize parameters at random that the checkpoint lacks
        --seed <N>                   random seed of these parameters (default: 0)
        --json                       print the outcome as JSON on stdout
        --help                       print this help

      Example:
        seawall convert --weights upernet_convnext_t_voc.pth --out upernet.onnx --size 473x473
        seawall convert --model upernet.onnx --out upernet.safetensors
      "
    `);
  });

  it("says aloud what begins at random", async () => {
    const args = ["--weights", "lacking.safetensors", "--architecture", "segformer-b0", "--classes", "3"];
    const refused = await convert(...args, "--out", "lacking.onnx");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      "lacking.safetensors: segformer-b0: the checkpoint (segformer/transformers) does not fit: " +
        "2 missing: decode_head.classifier.weight [3, 256, 1, 1], decode_head.classifier.bias [3]",
    );
    expect(existsSync(join(cwd, "lacking.onnx"))).toBe(false);
    const allowed = await convert(...args, "--allow-missing", "--json", "--out", "lacking.onnx");
    expect(allowed.code).toBe(0);
    expect(JSON.parse(allowed.stdout).initialized).toEqual([
      "decode_head.classifier.weight",
      "decode_head.classifier.bias",
    ]);
    const again = await convert(...args, "--allow-missing", "--out", "again.onnx");
    expect(again.stderr).toContain(
      "NOT IN THE CHECKPOINT, random initial values from seed 0: 2 tensors: decode_head (2)",
    );
    expect(readFileSync(join(cwd, "again.onnx")).equals(readFileSync(join(cwd, "lacking.onnx")))).toBe(true);
  });

  it.each([
    [["--weights", "b0.safetensors", "--out", "b0.txt"], "ends in .onnx or .safetensors"],
    [["--out", "x.onnx"], "--weights FILE is missing"],
    [["--weights", "b0.safetensors", "--model", "b0.onnx", "--out", "x.safetensors"], "give one of them"],
    [["--weights", "page.pth", "--out", "x.onnx"], "page.pth: a web page"],
    [
      ["--weights", "lacking.safetensors", "--out", "x.onnx"],
      "the checkpoint fits no architecture completely",
    ],
    [["--weights", "b0.safetensors", "--architecture", "unet", "--out", "x.onnx"], 'no architecture "unet"'],
    [
      ["--weights", "b0.safetensors", "--size", "large", "--out", "x.onnx"],
      "--size: expected sizes as 473x473",
    ],
    [["--weights", "b0.safetensors", "--size", "16x16", "--out", "x.onnx"], "at least 32 pixels"],
    [
      ["--weights", "b0.safetensors", "--architecture", "segformer-b1", "--out", "x.onnx"],
      "It fits segformer-b0",
    ],
  ])("refuses %j", async (args, reason) => {
    const { code, stdout, stderr } = await convert(...args);
    expect(stderr).toContain(reason);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(existsSync(join(cwd, "x.onnx"))).toBe(false);
  });
});

describe("seawall models", () => {
  it("lists what there is, and describes one", async () => {
    const all = await seawall(["models"]);
    expect(all).toMatchObject({ code: 0, stdout: "" });
    expect(all.stderr).toMatch(/upernet-convnext-t-cvst +60,181,610 +200\.9 +21 +473×473/);
    const one = await seawall([
      "models",
      "segmenter-vit-s",
      "--classes",
      "150",
      "--size",
      "480x512",
      "--json",
    ]);
    const described = JSON.parse(one.stdout);
    expect(described).toMatchObject({ classes: 150, size: [480, 512], family: "segmenter" });
    expect(described.keys).toContainEqual({
      name: "decoder.cls_emb",
      shape: [1, 150, 384],
      kind: "embedding",
      inference: true,
    });
  });

  it("explains itself", async () => {
    const { code, stdout } = await seawall(["models", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: seawall models [options] [NAME]

      Lists the built-in architectures, or describes one with all its keys and shapes.

      Arguments:
        NAME           an architecture; default: all, without their keys

      Options:
        --classes <K>  number of classes (default: of the best known checkpoints)
        --size <HxW>   image size (default: of the best known checkpoints)
        --json         print as JSON on stdout
        --help         print this help

      Example:
        seawall models
        seawall models upernet-convnext-t-cvst --classes 21 --size 473x473
      "
    `);
  });

  it("names the architectures to who asks for another", async () => {
    const { code, stderr } = await seawall(["models", "unet"]);
    expect(code).toBe(2);
    expect(stderr).toContain("segformer-b5");
  });
});

function sum({ data }: Tensor): number {
  return (data as Float32Array).reduce((total, x) => total + x, 0);
}
