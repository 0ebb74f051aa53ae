/** The gradient of every parameter of every architecture in training, against PyTorch in float64. */
import { describe, expect, it } from "vitest";
import { classifier } from "../../src/nn/architectures/classifier.js";
import { type Architecture, translateCheckpoint } from "../../src/nn/index.js";
import { convNextCvst, tiny } from "../nn/tiny.js";
import { batchOf, byName, norm, openGolden, relativeDistance, tensorsOf } from "./golden.js";

/** Relative, ℓ2. */
const tolerance = 1e-4;

/** Parameters that cannot change the loss, as a key's bias in attention: PyTorch's rounding in float64, relative. */
const nothing = 1e-12;
/** What our rounding in float32 may leave of them, relative to the whole gradient. */
const rounding = 1e-6;

const cases: readonly (readonly [name: string, architecture: Architecture, weights: string])[] = [
  ["upernet-cvst", tiny["upernet-cvst"], "nn/upernet-cvst.authors.pth"],
  ["upernet-cvst-large", tiny["upernet-cvst-large"], "nn/upernet-cvst-large.authors.safetensors"],
  ["upernet-patch", tiny["upernet-patch"], "nn/upernet-patch.transformers.safetensors"],
  ["upernet-swin", tiny["upernet-swin"], "nn/upernet-swin.transformers.safetensors"],
  ["segmenter", tiny.segmenter, "nn/segmenter.authors.safetensors"],
  ["pspnet", tiny.pspnet, "nn/pspnet.authors.safetensors"],
  ["pspnet-deep", tiny["pspnet-deep"], "nn/pspnet-deep.ddcat.safetensors"],
  ["segformer", tiny.segformer, "nn/segformer.transformers-5.safetensors"],
  ["segformer-nvidia", tiny["segformer-nvidia"], "nn/segformer-nvidia.nvidia.safetensors"],
  [
    "segformer-mmsegmentation",
    tiny["segformer-mmsegmentation"],
    "nn/segformer-mmsegmentation.mmsegmentation.safetensors",
  ],
  ["classifier", classifier("", convNextCvst), "train/classifier.weights.safetensors"],
];

describe.each(cases)("the training gradient of %s", (name, architecture, weights) => {
  it.each(["none", "blocks"] as const)(
    "is PyTorch's for every parameter, recomputing %s",
    async (recompute) => {
      const tensors = await tensorsOf(`train/${name}.safetensors`);
      const batch = batchOf(tensors);
      const classes = name === "segmenter" ? 4 : 3;
      const more = { recompute };
      const { network, layouts, state } = await openGolden(
        architecture,
        weights,
        batch,
        classes,
        "adamw",
        more,
      );
      const { loss, gradient } = await network.gradient(state, batch, 0);
      await network.dispose();
      expect(loss).toBeCloseTo((tensors.get("loss")!.data as Float32Array)[0]!, 5);

      const expected = translateCheckpoint(
        await tensorsOf(`train/${name}.gradient.safetensors`),
        architecture.family,
      ).tensors;
      const ours = byName(layouts, gradient);
      expect([...ours.keys()].sort()).toEqual([...expected.keys()].sort());
      const whole = norm(gradient);
      for (const [key, values] of ours) {
        const theirs = expected.get(key)!.data as Float32Array;
        if (norm(theirs) < nothing * whole) expect(norm(values) / whole, key).toBeLessThan(rounding);
        else expect(relativeDistance(values, theirs), key).toBeLessThan(tolerance);
      }
    },
  );
});
