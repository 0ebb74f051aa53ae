/** Loading: every key map gives the same tensors, and tensors that do not fit are refused by name and shape. */
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { float32, randomStream, SeawallError, sizeOf, type Tensor } from "../../src/base/index.js";
import { segmenter } from "../../src/nn/architectures/segmenter.js";
import { compare } from "../../src/nn/checkpoint/fit.js";
import { resizePositions } from "../../src/nn/checkpoint/positions.js";
import {
  architectures,
  architecturesFor,
  build,
  buildArchitecture,
  convertCheckpoint,
  extractWeights,
  fitWeights,
  initialWeights,
  recordMetadata,
  translateCheckpoint,
  withWeights,
} from "../../src/nn/index.js";
import { readModel, writeModel } from "../../src/onnx/index.js";
import { toFloat32 } from "../../src/weights/index.js";
import { evaluate } from "../helpers/gradients.js";
import { goldenTensors, relativeError } from "./golden.js";
import { segmenterConfig, tiny } from "./tiny.js";

type Tensors = ReadonlyMap<string, Tensor>;

const built = (name: keyof typeof tiny, classes: number) =>
  build(tiny[name], { classes, size: name.startsWith("pspnet") ? [33, 33] : [32, 32] });

describe("key maps of one network give equal tensors", () => {
  it.each([
    ["upernet-patch", "transformers.safetensors", "mmsegmentation.pth"],
    ["upernet-patch", "transformers.safetensors", "timm.safetensors"],
    ["upernet-patch", "transformers.safetensors", "meta.pth"],
    ["upernet-cvst", "authors.pth", "timm.safetensors"],
    ["upernet-swin", "transformers.safetensors", "transformers-5.safetensors"],
    ["upernet-swin", "transformers.safetensors", "mmsegmentation.safetensors"],
    ["upernet-swin", "transformers.safetensors", "transformers-backbone.safetensors"],
    ["upernet-swin", "transformers.safetensors", "mmsegmentation-backbone.safetensors"],
    ["upernet-swin", "transformers.safetensors", "authors.safetensors"],
    ["upernet-swin", "transformers.safetensors", "timm.safetensors"],
    ["segmenter", "authors.safetensors", "timm.pth"],
    ["pspnet", "authors.safetensors", "torchvision.safetensors"],
    ["pspnet-deep", "ddcat.safetensors", "torchvision.safetensors"],
    ["segformer", "transformers.safetensors", "transformers-5.safetensors"],
  ] as const)("%s: %s and %s", async (name, whole, other) => {
    const { family } = tiny[name];
    const first = translateCheckpoint(await goldenTensors(`${name}.${whole}`), family);
    const second = translateCheckpoint(await goldenTensors(`${name}.${other}`), family);
    const isHead = (key: string) => key.startsWith("encoder.head.");
    for (const [key, tensor] of second.tensors) {
      if (!isHead(key)) expect([...tensor.data], key).toEqual([...first.tensors.get(key)!.data]);
    }
    // A backbone checkpoint has all parameters of the backbone, except the norms that segmentation adds after stages.
    const { missing, holes, unexpected, misshapen } = compare(built(name, 3).parameters, second);
    expect([holes, unexpected, misshapen].flat()).toEqual([]);
    if (second.keyMap.backbone) {
      const theirs = missing.filter((spec) => /^(backbone|encoder|layer)/.test(spec.name));
      expect(theirs.every((spec) => /^backbone\.(norm\d|hidden_states_norms)/.test(spec.name))).toBe(true);
    } else expect(missing).toEqual([]);
  });
});

describe("strictness", () => {
  const authors = () => goldenTensors("upernet-cvst.authors.pth");
  const network = built("upernet-cvst", 3);
  const load = (tensors: Tensors, allowMissing = false) =>
    fitWeights(network.parameters, translateCheckpoint(tensors, "upernet"), { allowMissing, seed: 3 });
  const changed = async (change: (tensors: Map<string, Tensor>) => void) => {
    const tensors = new Map(await authors());
    change(tensors);
    return tensors;
  };

  it("loads what fits, as float32", async () => {
    const { weights, initialized } = load(await authors());
    expect(initialized).toEqual([]);
    expect([...weights.values()].every(({ type }) => type === "float32")).toBe(true);
  });

  it("needs no counters, and no auxiliary head where there is none", async () => {
    const tensors = await changed((all) => {
      for (const key of all.keys()) if (/num_batches|auxiliary/.test(key)) all.delete(key);
    });
    expect(load(tensors).initialized).toEqual([]);
  });

  it.each([
    [
      "a missing tensor",
      (t) => t.delete("backbone.stages.2.1.gamma"),
      ["1 missing: backbone.stages.2.1.gamma [16]"],
    ],
    [
      "an unexpected tensor",
      (t) => t.set("backbone.stages.4.0.gamma", float32([2, 3], new Float32Array(6))),
      ["1 unexpected: backbone.stages.4.0.gamma [2, 3]"],
    ],
    [
      "another shape",
      (t) => t.set("decode_head.classifier.weight", float32([2, 8, 1, 1], new Float32Array(16))),
      ["1 of another shape: decode_head.classifier.weight [2, 8, 1, 1], expected [3, 8, 1, 1]"],
    ],
    [
      "integers",
      (t) => t.set("decode_head.classifier.bias", { type: "int64", dims: [3], data: new BigInt64Array(3) }),
      ["decode_head.classifier.bias [3] int64, expected [3]"],
    ],
    [
      "all at once",
      (t) => {
        t.delete("backbone.norm1.bias");
        t.set("extra", float32([], [1]));
      },
      ["1 missing: backbone.norm1.bias [12]", "1 unexpected: extra []"],
    ],
  ] as [string, (tensors: Map<string, Tensor>) => void, string[]][])(
    "refuses %s",
    async (_, change, reasons) => {
      const tensors = await changed(change);
      for (const reason of reasons) expect(() => load(tensors)).toThrow(reason);
      expect(() => load(tensors)).toThrow(SeawallError);
    },
  );

  it("gives first values to what is missing only if asked, and says so aloud", async () => {
    const tensors = await changed((all) => all.delete("decode_head.fpn_convs.0.conv.weight"));
    const { weights, initialized, notices } = load(tensors, true);
    expect(initialized).toEqual(["decode_head.fpn_convs.0.conv.weight"]);
    expect(weights.get(initialized[0]!)).toEqual(initialWeights(network.parameters, 3).get(initialized[0]!));
    expect(notices.join()).toContain("NOT IN THE CHECKPOINT, random initial values from seed 3: 1 tensors");
  });

  it("does not excuse wrong shapes and unexpected tensors by that", async () => {
    const tensors = await changed((all) => all.set("extra", float32([], [1])));
    expect(() => load(tensors, true)).toThrow("1 unexpected: extra []");
  });

  it("takes wrappers off, and refuses two keys for one parameter", async () => {
    const tensors = await authors();
    const wrapped = new Map([...tensors].map(([key, tensor]) => [`module._orig_mod.${key}`, tensor]));
    expect(load(wrapped).weights).toEqual(load(tensors).weights);
    expect(() => load(new Map([...wrapped, ...tensors]))).toThrow("both stand for");
  });

  it("survives keys made to hang or to forge a message", async () => {
    const long = `${"model.".repeat(1_000_000)}decode_head.x`;
    const forged = "a\n\u001b[2Kall is well";
    const tensors = await changed((all) => all.set(long, float32([], [1])).set(forged, float32([], [1])));
    const message = messageOf(() => load(tensors));
    expect(message).toMatch(/^the checkpoint .* 2 unexpected: /);
    expect(message).not.toMatch(/\p{C}/u);
    expect(message.length).toBeLessThan(500);
  });

  it("refuses weights with NaN", async () => {
    const bias = float32([3], [0, Number.NaN, 0]);
    const tensors = await changed((all) => all.set("decode_head.classifier.bias", bias));
    expect(() => load(tensors)).toThrow(
      "1 tensors hold NaN or infinite numbers: decode_head.classifier.bias",
    );
  });

  it("leaves out and mentions what a key map does not use", async () => {
    const { notices } = translateCheckpoint(await goldenTensors("segmenter.timm.pth"), "segmenter");
    expect(notices).toContainEqual(
      expect.stringMatching(/^left out: normalize.mean, normalize.std: .*--normalize imagenet/),
    );
    expect(notices).toContain('prefix "module.base_model.model." removed from the keys');
  });

  it("begins from a backbone only if asked, and never from a smaller one", async () => {
    const file = await goldenTensors("upernet-cvst.timm.safetensors");
    expect(() => load(file)).toThrow(/missing: .*pass --allow-missing/);
    const { initialized } = load(file, true);
    expect(initialized.every((name) => /^backbone\.norm|^decode_head/.test(name))).toBe(true);
    const smaller = new Map([...file].filter(([key]) => !key.includes("stages.2.blocks.1")));
    expect(() => load(smaller, true)).toThrow("backbone.stages.2.1.dwconv.weight");
  });

  it.each([
    ["convnext-micro-cvst", "upernet-convnext-micro-cvst", /^(backbone\.norm[012]|decode_head)\./],
    ["swin-micro", "upernet-swin-micro", /^(backbone\.hidden_states_norms\.stage[123]|decode_head)\./],
    ["mit-micro", "segformer-micro", /^decode_head\./],
  ] as const)("begins from the whole backbone of the classifier %s in %s", (small, whole, missing) => {
    const size = [32, 32] as const;
    const classifier = buildArchitecture(small, { classes: 5, size });
    const tensors = initialWeights(classifier.parameters, 1);
    const { parameters } = buildArchitecture(whole, { classes: 3, size });
    const translation = translateCheckpoint(tensors, architectures[whole].family);
    const { weights, initialized } = fitWeights(parameters, translation, { allowMissing: true, seed: 2 });
    expect(initialized.filter((name) => !missing.test(name))).toEqual([]);
    const taken = [...weights.keys()].filter((name) => !initialized.includes(name));
    const same = (name: string) => isDeepStrictEqual(weights.get(name)!.data, tensors.get(name)!.data);
    expect(taken.filter((name) => !same(name))).toEqual([]);
    expect([...tensors.keys()].filter((name) => !taken.includes(name))).toEqual([
      "classification_head.weight",
      "classification_head.bias",
    ]);
  });

  it("names what a file of another family is", async () => {
    const tensors = await goldenTensors("segmenter.authors.safetensors");
    expect(() => translateCheckpoint(tensors, "upernet")).toThrow("its keys are those of segmenter/authors");
    expect(() => translateCheckpoint(new Map([["w", float32([1], [1])]]), "pspnet")).toThrow(
      "no key map fits its 1 keys: w",
    );
  });
});

describe("position embeddings", () => {
  const ramp = (grid: number) => {
    const data = Float32Array.from({ length: 1 + grid ** 2 }, (_, i) =>
      i === 0 ? 100 : ((i - 1) % grid) + 0.5,
    );
    return float32([1, data.length, 1], data);
  };

  it("keep the first token and resize the grid as areas, clamped at the edges", () => {
    const { dims, data } = resizePositions(ramp(2), 1 + 16)!;
    expect(dims).toEqual([1, 17, 1]);
    expect([...data.slice(0, 5)]).toEqual([100, 0.5, 0.75, 1.25, 1.5]);
    expect([...resizePositions(ramp(3), 10)!.data]).toEqual([...ramp(3).data]);
  });

  it("are resized on loading as the engine resizes them when it runs", async () => {
    const tensors = await goldenTensors("segmenter.authors.safetensors");
    const image = float32([1, 3, 80, 80], randomStream("image").uniform(3 * 80 * 80, 0, 1));
    const logits = async (grid: number) => {
      const network = build(segmenter("", { ...segmenterConfig, grid }), { classes: 4, size: [80, 80] });
      const fitted = fitWeights(network.parameters, translateCheckpoint(tensors, "segmenter"));
      return (await evaluate(withWeights(network, fitted.weights), { image })).logits!.data as Float32Array;
    };
    expect(relativeError(await logits(5), await logits(2))).toBeLessThan(1e-5);
  });
});

describe("converting", () => {
  const drawn = (name: "segformer-b0") => {
    const { parameters } = buildArchitecture(name, { classes: 4, size: [64, 64] });
    return initialWeights(parameters, 5);
  };

  it("takes the classes from the file and goes to ONNX and back", async () => {
    const tensors = drawn("segformer-b0");
    const { graph, report } = convertCheckpoint(tensors, "segformer-b0", { size: [32, 64] });
    expect(report).toMatchObject({
      classes: 4,
      keyMap: "segformer/transformers",
      normalization: "imagenet",
    });
    const read = readModel(writeModel(graph));
    const image = float32([1, 3, 32, 64], new Float32Array(3 * 32 * 64).fill(0.3));
    expect((await evaluate(read, { image })).logits!.dims).toEqual([1, 4, 32, 64]);
    const { weights, record } = extractWeights(read);
    expect(record).toEqual({ architecture: "segformer-b0", normalization: "imagenet", flavour: undefined });
    expect([...weights.keys()]).toEqual([...tensors.keys()]);
    expect(weights.get("decode_head.linear_fuse.weight")).toEqual(
      tensors.get("decode_head.linear_fuse.weight"),
    );
  });

  it("keeps through a file what the weights do not say", () => {
    const tensors = drawn("segformer-b0");
    const first = convertCheckpoint(tensors, "segformer-b0", { size: [32, 32], normalization: "none" });
    const back = extractWeights(first.graph);
    const metadata = new Map([["format", "pt"], ...recordMetadata({ ...back.record, flavour: "nvidia" })]);
    const second = convertCheckpoint(back.weights, "segformer-b0", { size: [32, 32], metadata });
    expect(second.report.normalization).toBe("none");
    expect(extractWeights(second.graph).record.flavour).toBe("nvidia");
  });

  it("takes no weights from what others wrote or rewrote", () => {
    const { graph } = convertCheckpoint(drawn("segformer-b0"), "segformer-b0", { size: [32, 32] });
    expect(() => extractWeights({ ...graph, name: "main_graph" })).toThrow('graph name "main_graph"');
    const initializers = new Map(graph.initializers);
    initializers.delete("decode_head.classifier.bias");
    expect(() => extractWeights({ ...graph, initializers })).toThrow("1 weights of segformer-b0 are missing");
  });

  it("says which architecture a file fits", () => {
    const { parameters } = buildArchitecture("upernet-convnext-s-cvst", { classes: 7, size: [64, 64] });
    // Only shapes matter here.
    const tensors = new Map(
      parameters.map(({ name, shape }) => [
        name,
        { type: "float32", dims: shape, data: new Float32Array() } as Tensor,
      ]),
    );
    expect(architecturesFor(tensors)).toEqual(["upernet-convnext-s-cvst"]);
    expect(() => convertCheckpoint(tensors, "upernet-convnext-t-cvst")).toThrow(
      "It fits upernet-convnext-s-cvst",
    );
    expect(() => convertCheckpoint(tensors, "upernet-convnext-s-cvst", { classes: 8 })).toThrow(
      "expected [8, 512, 1, 1]",
    );
  });

  it("asks for the number of classes where the file cannot say", async () => {
    const tensors = await goldenTensors("upernet-patch.timm.safetensors");
    expect(() => convertCheckpoint(tensors, "upernet-convnext-t")).toThrow("--classes");
  });

  it("holds weights as they are, half precision included", async () => {
    const tensors = await goldenTensors("upernet-cvst.authors.pth");
    const { weights } = fitWeights(
      built("upernet-cvst", 3).parameters,
      translateCheckpoint(tensors, "upernet"),
    );
    for (const [name, tensor] of weights) {
      expect(tensor.data).toEqual(toFloat32(tensors.get(name)!).data);
      expect(tensor.data).toHaveLength(sizeOf(tensor.dims));
    }
  });
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}
