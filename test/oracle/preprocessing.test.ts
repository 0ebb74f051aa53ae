/** The form of pixels that a model takes, against plain arithmetic; and how an image input is found. */
import { describe, expect, it } from "vitest";
import { float32, randomStream } from "../../src/base/index.js";
import { emptyGraph, type Graph, GraphBuilder } from "../../src/onnx/index.js";
import { findImage, imageName, type Preprocessing } from "../../src/oracle/index.js";
import { normalizeInput, withFloatImage } from "../../src/oracle/input.js";
import { openSession } from "../../src/runtime/index.js";

const [batch, height, width] = [2, 5, 4];
const layouts = ["nchw", "nhwc"] as const;

/** A model that returns its image input. */
function echo(layout: "nchw" | "nhwc", shape?: readonly (number | string)[]): Graph {
  const graph = emptyGraph("echo", 18);
  const b = new GraphBuilder(graph);
  const dims = layout === "nchw" ? [batch, 3, height, width] : [batch, height, width, 3];
  b.output(b.op("Identity", [b.input("pixels", "float32", shape ?? dims)]), "seen");
  return graph;
}

async function seen(layout: "nchw" | "nhwc", preprocessing: Preprocessing, image: Float32Array) {
  const graph = echo(layout);
  const shape = [batch, 3, height, width];
  const prepared = normalizeInput(graph, findImage(graph), shape, preprocessing);
  expect(prepared.inputs.map(({ name }) => name)).toEqual([imageName]);
  const session = await openSession(prepared, { threads: 1 });
  const results = await session.run({ [imageName]: float32(shape, image) });
  await session.dispose();
  return results.seen!;
}

/** The same in plain arithmetic: scaled to the range, minus mean, over deviation, then turned to BGR. */
function expected(layout: "nchw" | "nhwc", preprocessing: Preprocessing, image: Float32Array): number[] {
  const { inputRange: [black, white] = [0, 1], mean = [0, 0, 0], std = [1, 1, 1], bgr } = preprocessing;
  const result = new Array<number>(image.length);
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < 3; c++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const from = bgr ? 2 - c : c;
          const value = image[((n * 3 + from) * height + y) * width + x]!;
          const to =
            layout === "nchw"
              ? ((n * 3 + c) * height + y) * width + x
              : ((n * height + y) * width + x) * 3 + c;
          result[to] = (black + value * (white - black) - mean[from]!) / std[from]!;
        }
      }
    }
  }
  return result;
}

const ranges = [undefined, [0, 255], [-1, 1], [1, 0], [5, 6]] as const;
const means = [undefined, [0.485, 0.456, 0.406]] as const;
const deviations = [undefined, [0.229, 0.224, 0.225]] as const;
const cases = ranges.flatMap((inputRange) =>
  means.flatMap((mean) =>
    deviations.flatMap((std) =>
      [false, true].map(
        (bgr): Preprocessing => ({
          ...(inputRange && { inputRange }),
          ...(mean && { mean }),
          ...(std && { std }),
          ...(bgr && { bgr }),
        }),
      ),
    ),
  ),
);

describe.each(layouts)("a model in %s sees", (layout) => {
  it.each(cases)("the pixels of %j", async (preprocessing) => {
    const image = randomStream("pixels").uniform(batch * 3 * height * width, 0, 1);
    const { dims, data } = await seen(layout, preprocessing, image);
    expect(dims).toEqual(layout === "nchw" ? [batch, 3, height, width] : [batch, height, width, 3]);
    const wanted = expected(layout, preprocessing, image);
    const scale = Math.max(1, ...wanted.map(Math.abs));
    for (const [i, value] of wanted.entries())
      expect(Math.abs(Number(data[i]) - value) / scale).toBeLessThan(1e-6);
  });
});

it("leaves the given graph as it was, and adds nothing but the renaming where nothing is asked", () => {
  const graph = echo("nchw");
  const before = structuredClone(graph);
  const prepared = normalizeInput(graph, findImage(graph), [batch, 3, height, width]);
  expect(graph).toEqual(before);
  expect(prepared.nodes[0]!.op).toBe("Identity");
  expect(prepared.nodes.slice(1)).toEqual(before.nodes);
});

describe("an image input", () => {
  it.each<[readonly (number | string)[], "nchw" | "nhwc", object]>([
    [[1, 3, 5, 6], "nchw", { channels: 3, size: { height: 5, width: 6 }, batch: 1 }],
    [["n", 3, "h", "w"], "nchw", { size: { height: undefined, width: undefined }, batch: undefined }],
    [[1, 5, 6, 3], "nhwc", { size: { height: 5, width: 6 }, batch: 1 }],
    [["n", "h", 6, 3], "nhwc", { size: { height: undefined, width: 6 }, batch: undefined }],
    [[-1, 3, 0, 6], "nchw", { size: { height: undefined, width: 6 }, batch: undefined }],
    [["n", 1, "h", "w"], "nchw", { channels: 1, size: { height: undefined, width: undefined } }],
    [["n", "h", "w", 1], "nhwc", { channels: 1 }],
    [[1, 4, 5, 6], "nchw", { channels: 4, size: { height: 5, width: 6 } }],
    [[1, 64, 48, 5], "nhwc", { channels: 5, size: { height: 64, width: 48 } }],
    [["n", 13, 64, 64], "nchw", { channels: 13 }],
    [["n", 4, 48, 3], "nhwc", { channels: 3, size: { height: 4, width: 48 } }],
    [["n", 2, "h", 512], "nchw", { channels: 2 }],
    [[1, 4, "h", 5], "nchw", { channels: 4 }],
  ])("%j is %s", (shape, layout, facts) => {
    expect(findImage(echo(layout, shape))).toMatchObject({ layout, ...facts });
  });

  it.each([
    [[1, 3, 5, 3]],
    [["n", "c", "h", "w"]],
    [["n", "c", 256, 256]],
    [[1, 4, 5, 4]],
    [[1, 20, 64, 64]],
  ])("%j needs its layout named", (shape) => {
    expect(() => findImage(echo("nchw", shape))).toThrow("give --layout nchw or nhwc");
  });

  it("takes the named layout where both fit, with the sizes of that layout", () => {
    const cube = echo("nchw", [1, 3, 5, 3]);
    expect(findImage(cube, "nchw").size).toEqual({ height: 5, width: 3 });
    expect(findImage(cube, "nhwc").size).toEqual({ height: 3, width: 5 });
  });

  it.each([1, 2, 4, 200])("has %i channels where its layout is named", (channels) => {
    expect(findImage(echo("nchw", [1, channels, 64, 64]), "nchw").channels).toBe(channels);
    expect(findImage(echo("nhwc", [1, 64, 64, channels]), "nhwc").channels).toBe(channels);
  });

  it.each<[readonly (number | string)[], "nchw" | "nhwc", string]>([
    [[1, 4, 512, 512], "nhwc", "has 512 channels in layout nhwc, and 4 in the other"],
    [[1, 3, 5, 6], "nhwc", "has 6 channels in layout nhwc, and 3 in the other"],
    [["n", "h", "w", 1], "nchw", "has an open number of channels in layout nchw, and 1 in the other"],
  ])("%j is refused as %s", (shape, layout, message) => {
    expect(() => findImage(echo("nchw", shape), layout)).toThrow(message);
  });

  it.each<[Preprocessing, string]>([
    [{ mean: [0.5] }, '--mean 0.5: expected 4 numbers, one for each channel of image input "pixels", got 1'],
    [{ std: [1, 1, 1] }, "--std 1,1,1: expected 4 numbers"],
    [{ bgr: true }, '--bgr: image input "pixels" has 4 channels, expected 3'],
  ])("of four channels is not prepared by %j", (preprocessing, message) => {
    const graph = echo("nchw", [1, 4, 5, 6]);
    const prepare = () => normalizeInput(graph, findImage(graph), [1, 4, 5, 6], preprocessing);
    expect(prepare).toThrow(message);
  });

  it("of rank 3 is none", () => {
    expect(() => findImage(echo("nchw", [3, 5, 6]))).toThrow(
      /^no image input among "pixels" float32 \[3, 5, 6\]/,
    );
  });

  it("of bytes becomes floats from 0 to 255 with a notice, one of floats stays", () => {
    const floats = echo("nchw");
    expect(withFloatImage(floats, findImage(floats))).toEqual({
      graph: floats,
      preprocessing: {},
      notices: [],
    });
    const bytes = { ...floats, inputs: [{ ...floats.inputs[0]!, type: "uint8" as const }] };
    const changed = withFloatImage(bytes, findImage(bytes));
    expect(changed.graph.inputs[0]).toEqual(floats.inputs[0]);
    expect(changed.preprocessing).toEqual({ inputRange: [0, 255] });
    expect(changed.notices).toHaveLength(1);
    expect(bytes.inputs[0]!.type).toBe("uint8");
  });
});
