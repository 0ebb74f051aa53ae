/** Recognising formats, reading from disk, and equal weights from different formats. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256, type Tensor } from "../../src/base/index.js";
import { readWeights, toFloat32, writeSafetensors } from "../../src/weights/index.js";
import { readWeightsFile } from "../../src/weights/index.node.js";
import { golden } from "./golden.js";
import { safetensorsFile, torchZip } from "./handmade.js";

const bytesOf = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

describe("readWeights", () => {
  it("knows a format by its content, whatever the name", () => {
    const torch = readWeights(golden("nested.pt"), "weights.safetensors");
    expect(torch).toMatchObject({ format: "torch", path: ["model"] });
    expect(readWeights(golden("types_legacy.pt"), "x.onnx").format).toBe("torch");
    const safe = readWeights(golden("unaligned.safetensors"), "x.pth");
    expect([safe.format, safe.metadata.get("format"), safe.tensors.size]).toEqual(["safetensors", "pt", 3]);
  });

  it.each([640, 896, 1152, 1408, 0x4b50])("is not deceived by a safetensors header of %d bytes", (length) => {
    const file = safetensorsFile('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}'.padEnd(length), [7]);
    expect(readWeights(file, "f").tensors.get("a")).toEqual({
      type: "uint8",
      dims: [],
      data: Uint8Array.of(7),
    });
  });

  it("finds the same tensors in torch's formats, in safetensors and in what it writes itself", () => {
    const safe = readWeights(golden("types.safetensors"), "safe").tensors;
    const parts = ["types", "wide"].map((name) => [`${name}.pt`, `${name}_legacy.pt`]);
    const [zip, legacy] = [0, 1].map((i) =>
      parts.flatMap((names) => [...readWeights(golden(names[i]!), names[i]!).tensors]),
    );
    expect(new Map(zip)).toEqual(safe);
    expect(new Map(legacy)).toEqual(safe);
    expect(readWeights(writeSafetensors(new Map(zip)), "written").tensors).toEqual(safe);
  });

  it("begins its refusals with the file's name", () => {
    expect(() => readWeights(golden("whole_model.pt"), "a/b.pth")).toThrow(/^a\/b\.pth: the file uses/);
    expect(() => readWeights(torchZip(Uint8Array.of(1)), "c.pt")).toThrow(/^c\.pt: /);
    expect(() => readWeights(safetensorsFile("{}"), "d")).toThrow("d: holds no tensors");
  });

  it.each([
    ["", "an empty file"],
    ["version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"],
    ["<!DOCTYPE html>", "a web page"],
    ["\u001f\u008b\b", "a gzip archive"],
    ["\u0008\u0008\u0012", "not a file of weights"],
  ])("says what %j is", (content, kind) => {
    expect(() => readWeights(bytesOf(content), "w.pth")).toThrow(`w.pth: ${kind}`);
    expect(() => readWeights(bytesOf(content), "w.pth")).toThrow("expected .safetensors, or .pth or .pt");
  });
});

describe("readWeightsFile", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "weights-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("reads what was written", async () => {
    const path = join(folder, "w.safetensors");
    const tensors = new Map([["a", { type: "int8", dims: [2], data: Int8Array.of(-1, 2) } as const]]);
    await writeFile(path, writeSafetensors(tensors));
    expect((await readWeightsFile(path)).tensors).toEqual(tensors);
  });

  it("says why a path cannot be read", async () => {
    const absent = join(folder, "absent.pth");
    await expect(readWeightsFile(absent)).rejects.toThrow(`${absent}: no such file`);
    await expect(readWeightsFile(folder)).rejects.toThrow(`${folder}: not a file`);
    const wrong = join(folder, "wrong.pth");
    await writeFile(wrong, "text");
    await expect(readWeightsFile(wrong)).rejects.toMatchObject({
      code: "weights",
      message: expect.stringContaining(`${wrong}: not a file of weights`),
    });
  });
});

describe("toFloat32", () => {
  it("widens halves exactly and rounds what is wider", () => {
    const numbers = (tensor: Tensor) => [...toFloat32(tensor).data];
    expect(numbers({ type: "float16", dims: [3], data: Uint16Array.of(0x3c00, 0xfbff, 1) })).toEqual([
      1,
      -65504,
      2 ** -24,
    ]);
    expect(numbers({ type: "bfloat16", dims: [2], data: Uint16Array.of(0x3f80, 0xc040) })).toEqual([1, -3]);
    expect(numbers({ type: "float64", dims: [1], data: Float64Array.of(0.1) })).toEqual([Math.fround(0.1)]);
    expect(numbers({ type: "int64", dims: [1], data: BigInt64Array.of(-5n) })).toEqual([-5]);
    expect(numbers({ type: "bool", dims: [2], data: Uint8Array.of(0, 1) })).toEqual([0, 1]);
    const same: Tensor = { type: "float32", dims: [1], data: Float32Array.of(1) };
    expect(toFloat32(same)).toBe(same);
  });
});

/** Published files, and the SHA-256 of all names and dense bytes in order, computed by torch. */
const published = [
  ["espnet_camvid.pth", [], 189, "8dc8fb11caa3a8538d19fd52e405c65bd3d978a92cb5bc8b441e1d072932fe95"],
  ["twinlitenet_bdd.pth", [], 183, "951f8044169f32803f673ec1bdf0d8081f5f94f5140d727df13e9b3a67a3eebe"],
  [
    "fixtures/enet_nested.pth",
    ["state_dict"],
    590,
    "190dad08af084153afb1ef9c6728860318aabd145e5ff3f696481f563663c56f",
  ],
  ["fixtures/mnist.pt", [], 20, "d34109789b82681b736ab32677bc7b8f723a590e59687a191855d256145f3618"],
  ["fixtures/mnist.safetensors", [], 20, "1f2cf7c3dbe10db969b8307b92e3e7683be4ed9786a475cd4ec4e36e5d965d80"],
] as const;

const models = fileURLToPath(new URL("../../../shared/models/", import.meta.url));

function digest(tensors: ReadonlyMap<string, Tensor>): string {
  const parts = [...tensors].flatMap(([name, { data }]) => {
    const { buffer, byteOffset, byteLength } = data as Uint8Array;
    return [new TextEncoder().encode(name), new Uint8Array(buffer, byteOffset, byteLength)];
  });
  return sha256(Buffer.concat(parts));
}

describe("published files", () => {
  it.skipIf(!existsSync(models)).each(published)(
    "%s is read as torch reads it (needs ../shared/models)",
    async (name, path, count, hash) => {
      const weights = await readWeightsFile(join(models, name));
      expect([weights.path, weights.tensors.size, digest(weights.tensors)]).toEqual([path, count, hash]);
    },
  );
});
