/** Every trait of models that people have: the model opens with the right loss and gradient, or is refused with the reason. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import { losses } from "../../src/loss/index.js";
import { type Graph, readModel, writeModel } from "../../src/onnx/index.js";
import { exportGradient, openModel } from "../../src/oracle/index.js";
import { classes, crossEntropy, differences, pixels } from "./plain.js";
import { opening, refused } from "./traits.js";

/** As from a file, where expansions and upgrades happen. */
const fromFile = (graph: Graph) => readModel(writeModel(graph));

/** ‖a − b‖ / ‖b‖. */
function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const norm = (values: number[]) => Math.hypot(...values);
  return norm(Array.from(b, (value, i) => a[i]! - value)) / norm(Array.from(b));
}

describe.each(Object.entries(opening))("%s", (name, make) => {
  const trait = make();
  const graph = fromFile(trait.graph);
  const count = trait.classes ?? classes;
  const image = randomStream("corpus image", name).uniform((trait.channels ?? 3) * pixels, 0.1, 0.9);
  const labels = Int32Array.from(randomStream("corpus labels", name).uniform(pixels, 0, count), Math.floor);
  const exact = Float64Array.from(image);

  it("opens, with the loss and the gradient of the network in float64", async () => {
    const model = await openModel(graph);
    if (trait.notice) expect(model.prepared.notices.join("\n")).toMatch(trait.notice);
    expect(model.prepared.classes).toBe(count);
    const oracle = model.oracle({ losses: [losses.ce] });
    const { objective, gradient } = await oracle.image(image, labels).evaluate(image, { loss: losses.ce });
    await oracle.dispose();
    expect(Math.abs(objective - crossEntropy(trait.network(exact), labels))).toBeLessThan(1e-5);
    expect(relativeError(gradient, differences(trait.network, exact, labels))).toBeLessThan(1e-4);
  });

  it("has a gradient that is written, and says what was checked", async () => {
    const { check } = await exportGradient(graph, { loss: "ce" });
    expect(check?.verdict).toBe(trait.verdict ?? "agrees");
  });
});

describe("refused is a model with", () => {
  it.each(Object.entries(refused))("%s", async (_, make) => {
    const { graph, refused: reason } = make();
    const written = async () => exportGradient(fromFile(graph), { loss: "ce" });
    await expect(written()).rejects.toThrow(reason);
  });
});
