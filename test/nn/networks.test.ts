/** The architectures against PyTorch: logits and image gradients of small networks with random weights. */
import { describe, expect, it } from "vitest";
import { evaluate } from "../helpers/gradients.js";
import { golden, goldenNetwork, logitsAndGradient, relativeError } from "./golden.js";
import { tiny } from "./tiny.js";

/** Error of float32 against float64, relative to the range. A wrong epsilon in a layer norm gives twice as much. */
const tolerance = 4e-6;

const files = {
  "upernet-cvst": ["authors.pth"],
  "upernet-cvst-large": ["authors.safetensors"],
  "upernet-patch": ["transformers.safetensors", "mmsegmentation.pth"],
  "upernet-swin": ["transformers.safetensors", "mmsegmentation.safetensors"],
  segmenter: ["authors.safetensors"],
  pspnet: ["authors.safetensors"],
  "pspnet-deep": ["ddcat.safetensors"],
  segformer: ["transformers.safetensors", "transformers-5.safetensors"],
  "segformer-nvidia": ["nvidia.safetensors"],
  "segformer-mmsegmentation": ["mmsegmentation.safetensors"],
} satisfies Record<keyof typeof tiny, readonly string[]>;

for (const name of Object.keys(files) as (keyof typeof files)[]) {
  describe(name, () => {
    it.each(files[name])("computes PyTorch's logits and gradient from %s", async (file) => {
      const expected = await golden(name);
      const graph = await goldenNetwork(tiny[name], `${name}.${file}`, expected);
      const { logits, grad } = await logitsAndGradient(graph, expected.image);
      expect(relativeError(logits, expected.logits)).toBeLessThan(tolerance);
      expect(relativeError(grad, expected.grad)).toBeLessThan(tolerance);
    });
  });
}

it.each([
  ["upernet-cvst", "authors.pth"],
  ["upernet-swin", "transformers.safetensors"],
  ["pspnet", "authors.safetensors"],
  ["pspnet-deep", "ddcat.safetensors"],
] as const)("%s has PyTorch's auxiliary logits", async (name, file) => {
  const expected = await golden(name);
  const graph = await goldenNetwork(tiny[name], `${name}.${file}`, expected, { auxiliary: true });
  const { auxiliary, logits } = await evaluate(graph, { image: expected.image });
  expect(relativeError(auxiliary!.data as Float32Array, expected.auxiliary!)).toBeLessThan(tolerance);
  expect(relativeError(logits!.data as Float32Array, expected.logits)).toBeLessThan(tolerance);
});
