/** Exports of models whose own values have the names that the written file promises. */
import { expect, it } from "vitest";
import { exportGradient } from "../../src/oracle/index.js";
import { tinyModel } from "../helpers/models.js";

/** The tiny model with its output, at half the image's size, called `name`. */
function coarseModel(name: string) {
  const graph = tinyModel({ batch: 1, height: 6, width: 8, coarse: true });
  const rename = (value: string) => (value === "output" ? name : value);
  return {
    ...graph,
    outputs: graph.outputs.map((output) => ({ ...output, name: rename(output.name) })),
    // Exporters name a node after its output.
    nodes: graph.nodes.map((node) => ({
      ...node,
      name: node.outputs[0] === "output" ? name : node.name,
      outputs: node.outputs.map(rename),
    })),
  };
}

it.each(["logits", "loss", "grad", "labels"])(
  "an output called %s gives its name to the written one",
  async (name) => {
    const { graph, notices, check } = await exportGradient(coarseModel(name), { loss: "ce" });
    expect(graph.outputs.map((output) => [output.name, output.shape])).toEqual([
      ["logits", [1, 4, 6, 8]],
      ["loss", [1]],
      ["grad", [1, 3, 6, 8]],
    ]);
    expect(notices.join()).toContain(`own output "${name}" is called "model/${name}"`);
    expect(check!.error).toBeLessThan(0.05);
  },
);

it("is still chosen by its name in the file", async () => {
  const { graph } = await exportGradient(coarseModel("logits"), {
    loss: "ce",
    output: "logits",
    check: false,
  });
  expect(graph.outputs.map(({ name }) => name)).toContain("logits");
});
