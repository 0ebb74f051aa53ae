/** Networks for images of other channels, and RGB checkpoints adapted to them. */
import { describe, expect, it } from "vitest";
import { float32, randomStream, sizeOf } from "../../src/base/index.js";
import {
  adaptChannels,
  build,
  buildArchitecture,
  convertCheckpoint,
  extractWeights,
  initialWeights,
  recordMetadata,
  type Translation,
  withWeights,
} from "../../src/nn/index.js";
import { keyMaps } from "../../src/nn/key-maps/index.js";
import { openSession } from "../../src/runtime/index.js";
import { relativeError } from "./golden.js";
import { tiny } from "./tiny.js";

const names = Object.keys(tiny) as (keyof typeof tiny)[];

describe.each(names)("%s", (name) => {
  const size = name.startsWith("pspnet") ? ([33, 33] as const) : ([32, 32] as const);
  const options = { classes: 3, size, batch: 1, normalization: "none" } as const;
  const rgb = build(tiny[name], options);
  const weights = initialWeights(rgb.parameters, 1);
  const colours = randomStream("channels", name).uniform(sizeOf(size), 0, 1);

  async function logits(channels: number): Promise<Float32Array> {
    const built = channels === 3 ? rgb : build(tiny[name], { ...options, channels });
    const stored: Translation = {
      name: "classifier/seawall",
      keyMap: keyMaps["classifier/seawall"],
      tensors: weights,
      sources: new Map(),
      notices: [],
    };
    const adapted = adaptChannels(built.parameters, stored);
    expect(adapted.notices).toHaveLength(channels === 3 ? 0 : 1);
    const session = await openSession(withWeights(built, adapted.tensors));
    const image = Float32Array.from(
      { length: channels * colours.length },
      (_, i) => colours[i % colours.length]!,
    );
    const found = await session.run({ image: float32([1, channels, ...size], image) });
    await session.dispose();
    return found.logits!.data as Float32Array;
  }

  it("with adapted weights sees an image of equal channels as the RGB network does", async () => {
    const wanted = await logits(3);
    for (const channels of [1, 6]) expect(relativeError(await logits(channels), wanted)).toBeLessThan(1e-4);
  });
});

describe("the number of channels", () => {
  const architecture = "upernet-convnext-micro-cvst";
  const size = [32, 32] as const;

  it("is part of a network's record, and comes back from file and graph", () => {
    const built = buildArchitecture(architecture, { classes: 2, channels: 5, size });
    const graph = withWeights(built, initialWeights(built.parameters, 0));
    expect(graph.inputs[0]!.shape).toEqual(["N", 5, 32, 32]);
    const { weights, record } = extractWeights(graph);
    expect(record.channels).toBe(5);
    const again = convertCheckpoint(weights, architecture, { size, metadata: recordMetadata(record) });
    expect(again.graph.inputs[0]!.shape).toEqual(["N", 5, 32, 32]);
    expect(again.graph.name).toBe(graph.name);
  });

  it("3 leaves no trace in the record", () => {
    const built = buildArchitecture(architecture, { classes: 2, channels: 3, size });
    expect(built.graph.name).toBe(buildArchitecture(architecture, { classes: 2, size }).graph.name);
  });

  it("other than 3 has no ImageNet normalization", () => {
    expect(() =>
      buildArchitecture(architecture, { classes: 2, channels: 4, size, normalization: "imagenet" }),
    ).toThrow(
      "normalization imagenet: ImageNet has mean and deviation for 3 channels, the images have 4; use none",
    );
    const { graph } = buildArchitecture("segformer-b0", { classes: 2, channels: 4, size });
    expect(graph.name).toBe("segformer-b0 normalization=none channels=4");
  });
});
