/** Models on disk: external data only from the model's folder, hashes, and atomic writing. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { float32, SeawallError } from "../../src/base/index.js";
import { splitModel } from "../../src/onnx/format/write.js";
import { emptyGraph, type Graph, GraphBuilder } from "../../src/onnx/index.js";
import { readModelFile, writeModelFile } from "../../src/onnx/index.node.js";
import { draw } from "./helpers.js";

const weights = draw("weights", "float32", [20, 20]);
const bias = draw("bias", "float32", [1000]);

function network(): Graph {
  const graph = emptyGraph("network", 18);
  const build = new GraphBuilder(graph);
  const x = build.input("x", "float32", ["batch", 20]);
  const y = build.matmul(x, build.constant(weights, "weights"));
  const small = build.constant(float32([20], new Array(20).fill(0.5)), "small");
  build.output(build.add(y, small), "y");
  build.output(build.op("Neg", [build.constant(bias, "bias")]), "z");
  return graph;
}

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const model = () => at("model", "network.onnx");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seawall-"));
  mkdirSync(at("model"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function writeSplit(location: string): Uint8Array {
  const { model: bytes, pieces } = splitModel(network(), location);
  writeFileSync(model(), bytes);
  const end = Math.max(...pieces.map((piece) => piece.offset + piece.bytes.length));
  const data = new Uint8Array(end);
  for (const { offset, bytes } of pieces) data.set(bytes, offset);
  return data;
}

const sha256 = (...parts: Uint8Array[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

describe("readModelFile", () => {
  it("gives the graph, the bytes and their hash", async () => {
    await writeModelFile(model(), network());
    const read = await readModelFile(model());
    const bytes = readFileSync(model());
    expect(read.bytes).toEqual(bytes);
    expect(read.sha256).toBe(sha256(bytes));
    expect(read.graph.initializers.get("weights")).toEqual(weights);
    expect(readdirSync(at("model"))).toEqual(["network.onnx"]);
  });

  it.each(["network.bin", "parts/network.bin", "./network.bin"])(
    "reads external data from %s",
    async (location) => {
      const data = writeSplit(location);
      mkdirSync(at("model", "parts"));
      writeFileSync(at("model", location), data);
      const { graph, sha256: hash, bytes } = await readModelFile(model());
      expect(graph.initializers.get("weights")).toEqual(weights);
      expect(graph.initializers.get("bias")).toEqual(bias);
      expect(hash).toBe(sha256(bytes, data));
    },
  );

  it.each([
    "../network.bin",
    "../none.bin",
    "..\\none.bin",
    "parts/../../network.bin",
    "..\\network.bin",
    "",
    "a\0b",
  ])("refuses external data at %j", async (location) => {
    // The message must be the same whether the file exists or not, so that a model cannot probe the disk.
    writeFileSync(at("network.bin"), writeSplit(location));
    await expect(readModelFile(model())).rejects.toThrow("which is outside the model's folder");
  });

  it("refuses absolute paths and links that leave the folder", async () => {
    const data = writeSplit(at("network.bin"));
    writeFileSync(at("network.bin"), data);
    await expect(readModelFile(model())).rejects.toThrow("outside the model's folder");
    writeSplit("C:\\network.bin");
    await expect(readModelFile(model())).rejects.toThrow("outside the model's folder");
    writeSplit("link.bin");
    symlinkSync(at("network.bin"), at("model", "link.bin"));
    await expect(readModelFile(model())).rejects.toThrow("outside the model's folder");
    symlinkSync(folder, at("model", "parts"));
    writeSplit("parts/network.bin");
    await expect(readModelFile(model())).rejects.toThrow("outside the model's folder");
  });

  it("names what is missing, with a remedy", async () => {
    await expect(readModelFile(at("none.onnx"))).rejects.toThrow("none.onnx: no such file; give the path");
    await expect(readModelFile(at("model"))).rejects.toThrow("not a file");
    const data = writeSplit("network.bin");
    await expect(readModelFile(model())).rejects.toThrow(
      "network.bin: no such file; network.onnx has its weights there: copy it to the same folder",
    );
    mkdirSync(at("model", "network.bin"));
    await expect(readModelFile(model())).rejects.toThrow("not a file");
    rmSync(at("model", "network.bin"), { recursive: true });
    writeFileSync(at("model", "network.bin"), data.subarray(0, 1000));
    await expect(readModelFile(model())).rejects.toThrow("the file is truncated");
  });

  it("refuses more than 2 GiB before reading it", async () => {
    writeFileSync(at("large.onnx"), "");
    truncateSync(at("large.onnx"), 2 ** 31);
    await expect(readModelFile(at("large.onnx"))).rejects.toThrow("2.0 GiB with its weights");
    writeSplit("network.bin");
    writeFileSync(at("model", "network.bin"), "");
    truncateSync(at("model", "network.bin"), 2 ** 31 - 1);
    await expect(readModelFile(model())).rejects.toThrow("2.0 GiB with its weights");
  });
});

describe("writeModelFile", () => {
  it("keeps large weights in a second file when asked, at page boundaries", async () => {
    await writeModelFile(model(), network(), { externalData: true });
    expect(readdirSync(at("model")).sort()).toEqual(["network.onnx", "network.onnx.data"]);
    const { graph, bytes } = await readModelFile(model());
    expect(readFileSync(at("model", "network.onnx.data"))).toHaveLength(4096 + 4000);
    expect(bytes.length).toBeLessThan(1000);
    expect(graph.initializers).toEqual(network().initializers);
  });

  it("leaves the old file alone and nothing beside it when it fails", async () => {
    await writeModelFile(model(), network());
    const before = readFileSync(model());
    const broken = network();
    broken.nodes.push({ ...broken.nodes[0]!, attributes: { axis: { kind: "int", value: 0.5 } } });
    await expect(writeModelFile(model(), broken)).rejects.toThrow();
    expect(readFileSync(model())).toEqual(before);
    mkdirSync(at("taken.onnx"));
    await expect(writeModelFile(at("taken.onnx"), network())).rejects.toThrow(SeawallError);
    await expect(writeModelFile(at("none", "x.onnx"), network())).rejects.toThrow("cannot be written");
    expect(existsSync(at("none"))).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(["model", "taken.onnx"]);
  });
});
