/** From a graph with weights back to a state dictionary. */
import { SeawallError, type Tensor } from "../../base/index.js";
import type { Graph } from "../../onnx/index.js";
import { architectures } from "../architectures/index.js";
import { buildArchitecture } from "../build.js";
import { type BuildRecord, recordInName } from "../record.js";

/**
 * The weights of a graph that Seawall built, by their keys, and how it was built. An auxiliary head's weights are
 * included if the graph has them.
 * @throws SeawallError `model` if Seawall did not build the graph, or if its weights were renamed, folded or removed
 */
export function extractWeights(graph: Graph): { weights: ReadonlyMap<string, Tensor>; record: BuildRecord } {
  const record = recordInName(graph.name);
  if (!record) {
    return refuseModel(
      `the model (graph name "${graph.name}") was not built by Seawall from an architecture, so its weights have no checkpoint keys`,
    );
  }
  const { classifier, classes, size } = architectures[record.architecture];
  const { parameters } = buildArchitecture(record.architecture, {
    classes: graph.initializers.get(classifier)?.dims[0] ?? classes,
    size,
    channels: record.channels,
    ...(record.flavour !== undefined && { flavour: record.flavour }),
  });
  const held = (name: string) => graph.initializers.get(name);
  const changed = parameters.filter(
    ({ name, shape, used }) => (used || held(name)) && held(name)?.dims.join() !== shape.join(),
  );
  if (changed.length > 0) {
    const names = changed.slice(0, 5).map(({ name }) => name);
    refuseModel(
      `${changed.length} weights of ${record.architecture} are missing or have another shape (${names.join(", ")}${changed.length > 5 ? ", …" : ""}): a tool has rewritten the model; give the file that Seawall wrote`,
    );
  }
  const kept = parameters.filter(({ name }) => held(name));
  return { weights: new Map(kept.map(({ name }) => [name, held(name)!])), record };
}

function refuseModel(message: string): never {
  throw new SeawallError("model", message);
}
