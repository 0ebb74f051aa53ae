/** The way back: from a graph with weights to a state dictionary. */
import { SeawallError, type Tensor } from "../../base/index.js";
import type { Graph } from "../../onnx/index.js";
import { architectures } from "../architectures/index.js";
import { buildArchitecture } from "../build.js";
import { type BuildRecord, recordInName } from "../record.js";

/**
 * The weights of a graph that Seawall built, by their keys (an auxiliary head's if the graph has one), and how it
 * was built.
 * @throws SeawallError `model` if it was built elsewhere, or if weights were renamed, folded or taken away since
 */
export function weightsOf(graph: Graph): { weights: ReadonlyMap<string, Tensor>; record: BuildRecord } {
  const record = recordInName(graph.name);
  if (!record) {
    return refuse(
      `the model (graph name "${graph.name}") is none that Seawall wrote from an architecture, so its weights have no keys`,
    );
  }
  const { classifier, classes, size } = architectures[record.architecture];
  const { parameters } = buildArchitecture(record.architecture, {
    classes: graph.initializers.get(classifier)?.dims[0] ?? classes,
    size,
    ...(record.flavour !== undefined && { flavour: record.flavour }),
  });
  const held = (name: string) => graph.initializers.get(name);
  const changed = parameters.filter(
    ({ name, shape, used }) => (used || held(name)) && held(name)?.dims.join() !== shape.join(),
  );
  if (changed.length > 0) {
    const names = changed.slice(0, 5).map(({ name }) => name);
    refuse(
      `${changed.length} weights of ${record.architecture} are gone or have another shape (${names.join(", ")}${changed.length > 5 ? ", …" : ""}): a tool has rewritten the model; give the file that Seawall wrote`,
    );
  }
  const kept = parameters.filter(({ name }) => held(name));
  return { weights: new Map(kept.map(({ name }) => [name, held(name)!])), record };
}

function refuse(message: string): never {
  throw new SeawallError("model", message);
}
