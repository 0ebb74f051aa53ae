/** `seawall grad` as a process: the file it writes is read again, run, and compared with differences. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { float32, int64, type Tensor } from "../../src/base/index.js";
import { readModelFile } from "../../src/onnx/index.node.js";
import { openSession } from "../../src/runtime/index.js";
import { tinyImage } from "../helpers/models.js";
import { sampleFolder, seawall } from "./program.js";

let cwd: string;
beforeAll(async () => {
  cwd = await sampleFolder({ images: 1 });
});

const size = 6;
const image = tinyImage(size, size);
const grad = (...args: string[]) => seawall(["grad", "--model", "model.onnx", ...args], { cwd });
const shape = ["--input-shape", `1x3x${size}x${size}`];

async function runs(file: string, feeds: Record<string, Tensor>) {
  const { graph } = await readModelFile(join(cwd, file));
  const session = await openSession(graph);
  return {
    graph,
    results: (x: Float32Array) => session.run({ ...feeds, image: float32([1, 3, size, size], x) }),
  };
}

describe("seawall grad", () => {
  it("refuses a sliding window and says how the gradient of one is made", async () => {
    const { code, stderr } = await grad("--window", "4x4", "--out", "none.onnx", ...shape);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--window 4x4: grad writes the gradient of the network itself; .* --input-shape/);
  });

  it("writes a model whose gradient is that of its loss", async () => {
    const { code, stdout, stderr } = await grad(
      "--loss",
      "ce",
      "--ignore-label",
      "9",
      "--out",
      "ce.onnx",
      ...shape,
    );
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/input +labels +int64 +1×6×6/);
    expect(stderr).toMatch(
      /checked: slopes along 4 directions differ from finite differences by at most [\d.e-]+ %/,
    );
    expect(stderr).toMatch(/written: ce\.onnx \([\d,]+ bytes, \d+ nodes, opset \d+\)/);

    const labels = Array.from({ length: size * size }, (_, i) => (i % 7 === 0 ? 9 : i % 4));
    const { graph, results } = await runs("ce.onnx", { labels: int64([1, size, size], labels) });
    expect(graph.outputs.map(({ name }) => name)).toEqual(["logits", "loss", "grad"]);
    const loss = async (x: Float32Array) => ((await results(x)).loss!.data as Float32Array)[0]!;
    const gradient = (await results(image)).grad!.data as Float32Array;
    const h = 1e-2;
    for (const at of [0, 40, 77, 107]) {
      const moved = (sign: number) => image.map((value, i) => (i === at ? value + sign * h : value));
      const slope = ((await loss(moved(1))) - (await loss(moved(-1)))) / (2 * h);
      expect(gradient[at]!).toBeCloseTo(slope, 3);
    }
  });

  it("leaves the loss out, and describes what it wrote as JSON", async () => {
    const { code, stdout } = await grad(
      "--loss",
      "none",
      "--params",
      "--out",
      "any.onnx",
      "--json",
      ...shape,
    );
    expect(code).toBe(0);
    const written = JSON.parse(stdout);
    expect(written).toMatchObject({ file: "any.onnx", check: { directions: expect.any(Number) } });
    expect(written.inputs.map(({ name }: { name: string }) => name)).toEqual(["image", "output_grad"]);
    expect(written.outputs.map(({ name }: { name: string }) => name)).toContain("grad");
    expect(written.outputs.length).toBe(6);
  });

  it("writes without checking when told so", async () => {
    const { code, stderr } = await grad("--no-check", "--out", "unchecked.onnx", ...shape);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/\nnot checked\n/)]);
  });

  it.each([
    [["--out", "x.onnx"], /leaves its size open/],
    [
      ["--out", "x.onnx", "--input-shape", "1x3x0x6"],
      /--input-shape: expected sizes as 1x3x360x480, got "1x3x0x6"/,
    ],
    [["--out", "x.onnx", "--ignore-label", "none"], /--ignore-label: expected a whole number, got "none"/],
    [["--out", "x.onnx", "--wrt", "image"], /--wrt: .*add --loss none/],
    [["--out", "x.onnx", "--loss", "none", "--wrt", "nothing", ...shape], /--wrt nothing: not a float input/],
    [["--out", "x.onnx", "--loss", "dice"], /Allowed choices are ce, none/],
    [["--out", "./model.onnx", ...shape], /would replace the model/],
    [["--out", "nowhere/x.onnx", ...shape], /nowhere/],
    [shape, /required option '--out <FILE>' not specified/],
  ])("refuses %j", async (args, problem) => {
    const { code, stdout, stderr } = await grad(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(problem);
    expect(existsSync(join(cwd, "x.onnx"))).toBe(false);
    expect(readdirSync(cwd).filter((name) => name.includes("tmp"))).toEqual([]);
  });
});
