/** The architectures against PyTorch: logits and image gradients of small networks with random weights. */
import { describe, expect, it } from "vitest";
import { evaluate } from "../helpers/gradients.js";
import { golden, goldenNetwork, logitsAndGradient, relativeError } from "./golden.js";
import { tiny } from "./tiny.js";

const files = {
  "upernet-cvst": ["authors.pth"],
  "upernet-cvst-large": ["authors.safetensors"],
  "upernet-patch": ["transformers.safetensors", "mmsegmentation.pth"],
} satisfies Record<keyof typeof tiny, readonly string[]>;

for (const name of Object.keys(files) as (keyof typeof files)[]) {
  describe(name, () => {
    it.each(files[name])("computes PyTorch's logits and gradient from %s", async (file) => {
      const expected = await golden(name);
      const graph = await goldenNetwork(tiny[name], `${name}.${file}`, expected);
      const { logits, grad } = await logitsAndGradient(graph, expected.image);
      expect(relativeError(logits, expected.logits)).toBeLessThan(1e-5);
      expect(relativeError(grad, expected.grad)).toBeLessThan(1e-4);
    });
  });
}

it.each([["upernet-cvst", "authors.pth"] as const])(
  "%s has PyTorch's auxiliary logits",
  async (name, file) => {
    const expected = await golden(name);
    const graph = await goldenNetwork(tiny[name], `${name}.${file}`, expected, { auxiliary: true });
    const { auxiliary, logits } = await evaluate(graph, { image: expected.image });
    expect(relativeError(auxiliary!.data as Float32Array, expected.auxiliary!)).toBeLessThan(1e-5);
    expect(relativeError(logits!.data as Float32Array, expected.logits)).toBeLessThan(1e-5);
  },
);
