/** Exported gradients: values of layouts and parameters, not just their names and shapes. */
import { expect, it } from "vitest";
import { float32, int64, numbersOf, type Tensor } from "../../src/base/index.js";
import { copyGraph, type Graph } from "../../src/onnx/index.js";
import { exportGradient } from "../../src/oracle/index.js";
import { openSession } from "../../src/runtime/index.js";
import { tinyImage, tinyLabels, tinyModel } from "../helpers/models.js";

const [height, width, classes] = [6, 8, 4];
const pixels = height * width;
const image = tinyImage(height, width);
const labels = int64([1, height, width], Array.from(tinyLabels(height, width, classes)));

async function run(graph: Graph, pixelsOf: Tensor) {
  const session = await openSession(graph, { threads: 1 });
  const results = await session.run({ image: pixelsOf, labels });
  await session.dispose();
  return results;
}

const options = { loss: "ce", check: false } as const;
const planar = float32([1, 3, height, width], image);

it("in N×H×W×C are those in N×C×H×W, laid out otherwise", async () => {
  const interleaved = Float32Array.from(
    { length: 3 * pixels },
    (_, i) => image[(i % 3) * pixels + Math.floor(i / 3)]!,
  );
  const shape = [1, height, width, 3];
  const nhwc = await exportGradient(tinyModel({ layout: "nhwc" }), { ...options, inputShape: shape });
  const nchw = await exportGradient(tinyModel(), { ...options, inputShape: planar.dims });
  const found = (await run(nhwc.graph, float32(shape, interleaved))).grad!.data as Float32Array;
  const wanted = (await run(nchw.graph, planar)).grad!.data as Float32Array;
  expect(wanted.some((value) => Math.abs(value) > 1e-4)).toBe(true);
  for (const [i, value] of found.entries()) {
    expect(Math.abs(value - wanted[(i % 3) * pixels + Math.floor(i / 3)]!)).toBeLessThan(1e-6);
  }
});

it("of each parameter follow central differences of the loss", async () => {
  const model = tinyModel();
  const { graph } = await exportGradient(model, { ...options, inputShape: planar.dims, params: true });
  const results = await run(graph, planar);
  const names = graph.outputs.flatMap(({ name }) => (name.startsWith("grad/") ? [name.slice(5)] : []));
  expect(names).toHaveLength(4);
  const lossAt = async (name: string, at: number, by: number) => {
    const changed = copyGraph(model);
    const tensor = changed.initializers.get(name)!;
    const values = [...numbersOf(tensor)];
    values[at]! += by;
    changed.initializers.set(name, float32(tensor.dims, values));
    const exported = await exportGradient(changed, { ...options, inputShape: planar.dims });
    return (await run(exported.graph, planar)).loss!.data[0] as number;
  };
  for (const name of names) {
    const gradient = results[`grad/${name}`]!;
    expect(gradient.dims).toEqual(model.initializers.get(name)!.dims);
    const values = [...numbersOf(gradient)];
    const at = values.reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best]!) ? i : best), 0);
    const step = 5e-3;
    const slope = ((await lossAt(name, at, step)) - (await lossAt(name, at, -step))) / (2 * step);
    expect(Math.abs(values[at]!)).toBeGreaterThan(1e-3);
    expect(Math.abs(slope / values[at]! - 1)).toBeLessThan(0.05);
  }
});
