/** A plan, handed to a worker as plain data: the worker opens no file, and traces no graph again. */
import { arrayConstructors, SeawallError, type Tensor } from "../../base/index.js";
import { loadComponents } from "../../components/index.node.js";
import type { PluginFacts } from "../../journal/index.js";
import type { Graph } from "../../onnx/index.js";
import type { ModelOpener, OpenedNetworks } from "../../oracle/index.js";
import { attacksOf } from "../plan/attacks.js";
import { type EvaluationConfig, radiiOf } from "../plan/config.js";
import { asSurrogate, openerOf } from "../plan/models.node.js";
import type { Plan } from "../plan/plan.node.js";

/** What of a plan a worker needs. */
export type WorkerPlan = Pick<Plan, "config" | "attacks" | "radii" | "classWeights" | "model"> & {
  readonly surrogate?: Pick<Plan, "model"> | undefined;
};

/** The same as data. */
export interface HandedPlan {
  readonly config: EvaluationConfig;
  readonly classes: number;
  readonly classWeights: readonly number[] | undefined;
  readonly plugins: readonly PluginFacts[];
  readonly model: HandedModel;
  readonly surrogate: HandedModel | undefined;
}

interface HandedModel {
  readonly graph: Graph;
  readonly networks: OpenedNetworks;
}

/** @returns data whose weights all threads that they are sent to share */
export async function handOver({
  config,
  classes,
  classWeights,
  plugins,
  graph,
  model,
  surrogate,
}: Plan): Promise<HandedPlan> {
  const shared = weightSharer();
  const handed = async (own: {
    readonly graph: Graph;
    readonly model: ModelOpener;
  }): Promise<HandedModel> => ({
    graph: shared(own.graph),
    networks: new Map(
      [...(await own.model.networks())].map(([size, network]) => [
        size,
        { ...network, graph: shared(network.graph) },
      ]),
    ),
  });
  return {
    ...{ config, classes, classWeights, plugins },
    model: await handed({ graph, model }),
    surrogate: surrogate && (await handed(surrogate)),
  };
}

/** @throws SeawallError `config` for a plugin that was replaced since the plan was made */
export async function takeOver({
  config,
  classes,
  classWeights,
  plugins: planned,
  model,
  surrogate,
}: HandedPlan): Promise<WorkerPlan> {
  const { components, plugins } = await loadComponents(config.plugin);
  const replaced = plugins.find(({ sha256 }, i) => sha256 !== planned[i]?.sha256);
  if (replaced) {
    throw new SeawallError(
      "config",
      `plugin "${replaced.name}" was replaced while the run began; leave its file as it is during a run, and start it again`,
    );
  }
  const opener = ({ graph, networks }: HandedModel) => openerOf(graph, config, classes, components, networks);
  return {
    ...{ config, classWeights, radii: radiiOf(config), attacks: attacksOf(config, components).attacks },
    model: opener(model),
    surrogate: surrogate && { model: asSurrogate(config.surrogate!, opener(surrogate)) },
  };
}

/** Replaces the weights of graphs by equal ones in memory that threads share; those of several graphs once. */
function weightSharer(): (graph: Graph) => Graph {
  const known = new Map<Tensor, Tensor>();
  const share = (tensor: Tensor): Tensor => {
    if (tensor.type === "string") return tensor;
    const elements = arrayConstructors[tensor.type] as typeof Float32Array;
    const data = new elements(new SharedArrayBuffer(tensor.data.length * elements.BYTES_PER_ELEMENT));
    data.set(tensor.data as Float32Array);
    return { ...tensor, data } as Tensor;
  };
  const sharedOnce = (tensor: Tensor) => {
    const shared = known.get(tensor) ?? share(tensor);
    known.set(tensor, shared);
    return shared;
  };
  return (graph) => ({
    ...graph,
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [name, sharedOnce(tensor)])),
  });
}
