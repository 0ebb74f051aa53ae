/** Training graphs: batch statistics as in PyTorch, and random factors as inputs. */
import { describe, expect, it } from "vitest";
import { float32, numbersOf, randomStream, SeawallError, sizeOf, type Tensor } from "../../src/base/index.js";
import { build, initialWeights, withWeights } from "../../src/nn/index.js";
import { evaluate, withGradients } from "../helpers/gradients.js";
import { golden, goldenNetwork, goldenTensors, relativeError } from "./golden.js";
import { tiny } from "./tiny.js";

/** The batch of tools/networks_golden.py: the mirrored image, then the image. */
async function batch(): Promise<Tensor> {
  const pixels = (await goldenTensors("pspnet.safetensors")).get("image")!;
  const width = pixels.dims[2]!;
  const image = numbersOf(pixels).map((byte) => byte / 255);
  const mirrored = image.map((_, i) => image[i - (i % width) + width - 1 - (i % width)]!);
  return float32([2, ...pixels.dims], [...mirrored, ...image]);
}

describe("a training step of PSPNet", () => {
  it("normalizes by the batch and moves running statistics as PyTorch does", async () => {
    const tensors = await goldenTensors("pspnet.safetensors");
    const expected = (name: string) => tensors.get(`train/${name}`)!.data as Float32Array;
    const image = await batch();
    const graph = await goldenNetwork(tiny.pspnet, "pspnet.authors.safetensors", await golden("pspnet"), {
      training: true,
      batch: 2,
    });
    const noise = graph.inputs.filter(({ name }) => name !== "image");
    expect(noise.map(({ name, shape }) => [name, shape])).toEqual([["cls.dropout", [2, 8, 1, 1]]]);
    const feeds = { image, "cls.dropout": float32([2, 8, 1, 1], new Float32Array(16).fill(1)) };
    const { logits, ...updates } = await evaluate(graph, feeds);
    const half = sizeOf(logits!.dims) / 2;
    expect(relativeError((logits!.data as Float32Array).slice(half), expected("logits"))).toBeLessThan(1e-5);

    const statistics = [...tensors.keys()].filter((key) => key.includes("running"));
    expect(Object.keys(updates)).toHaveLength(statistics.length);
    for (const key of statistics.map((name) => name.slice("train/".length))) {
      const next = updates[`next/${key}`]!.data as Float32Array;
      expect(relativeError(next, expected(key)), key).toBeLessThan(1e-5);
    }
  });

  it("has PyTorch's gradient", async () => {
    const image = await batch();
    const graph = await goldenNetwork(tiny.pspnet, "pspnet.authors.safetensors", await golden("pspnet"), {
      training: true,
      batch: 2,
    });
    const feeds = { image, "cls.dropout": float32([2, 8, 1, 1], new Float32Array(16).fill(1)) };
    const { logits } = await evaluate(graph, feeds);
    const weights = Float32Array.from({ length: sizeOf(logits!.dims) }, (_, i) => Math.cos(i));
    const seeds = { logits: float32(logits!.dims, weights) };
    const extended = await withGradients(graph, feeds, { seeds, wrt: ["image"] });
    const gradient = (await evaluate(extended, feeds))["grad/image"]!.data as Float32Array;
    const expected = (await goldenTensors("pspnet.safetensors")).get("train/grad")!.data as Float32Array;
    // The coarsest pooling has two values per channel, which batch normalization makes ±1: a steep function.
    expect(relativeError(gradient.slice(gradient.length / 2), expected)).toBeLessThan(1e-3);
  });

  it.each([
    [1, "train with at least 2 images per step"],
    ["N", "needs a fixed number of images"],
  ] as const)("is refused for a batch of %s", (batch, reason) => {
    const attempt = () => build(tiny.pspnet, { classes: 2, size: [33, 33], training: true, batch });
    expect(attempt).toThrow(SeawallError);
    expect(attempt).toThrow(reason);
  });
});

describe("chance", () => {
  const options = { classes: 3, size: [32, 48] as const, batch: 2 };
  const training = build(tiny.segmenter, { ...options, training: true });
  const weights = initialWeights(training.parameters, 1);
  const image = float32([2, 3, 32, 48], randomStream("image").uniform(2 * 3 * 32 * 48, 0, 1));
  const logits = async (noise: (name: string, i: number) => number) => {
    const inputs = training.noise.map(({ name, shape }) => {
      const dims = shape as readonly number[];
      return [
        name,
        float32(
          dims,
          Float32Array.from({ length: sizeOf(dims) }, (_, i) => noise(name, i)),
        ),
      ] as const;
    });
    const results = await evaluate(withWeights(training, weights), { image, ...Object.fromEntries(inputs) });
    return results.logits!.data as Float32Array;
  };

  it("comes in by inputs that say with what probability they are not 0", () => {
    const keeps = new Map(training.noise.map(({ name, keep }) => [name, keep]));
    // The first of the two blocks is never left out, the second with probability 0.1.
    expect(keeps.has("encoder.blocks.0.drop_path1")).toBe(false);
    expect(keeps.get("encoder.blocks.1.drop_path1")).toBe(0.9);
    expect(keeps.get("decoder.blocks.0.attn.attention_dropout")).toBe(0.9);
  });

  it("leaves the network as in inference where nothing is left out", async () => {
    const inference = build(tiny.segmenter, options);
    const { logits: expected } = await evaluate(withWeights(inference, weights), { image });
    expect(relativeError(await logits(() => 1), expected!.data as Float32Array)).toBeLessThan(1e-6);
  });

  it("drops a branch for one image alone", async () => {
    const whole = await logits(() => 1);
    const dropped = await logits((name, i) => (name === "encoder.blocks.1.drop_path2" && i === 1 ? 0 : 1));
    const half = whole.length / 2;
    expect(dropped.slice(0, half)).toEqual(whole.slice(0, half));
    expect(dropped.slice(half)).not.toEqual(whole.slice(half));
  });
});
