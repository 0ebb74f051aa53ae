/** A plan, handed to a worker as plain data: the worker opens no file, and traces no graph again. */
import { inSharedMemory, SeawallError } from "../../base/index.js";
import { loadComponents } from "../../components/index.node.js";
import type { PluginFacts } from "../../journal/index.js";
import type { Graph } from "../../onnx/index.js";
import type { ModelOpener, OpenedModel } from "../../oracle/index.js";
import { attacksOf } from "../plan/attacks.js";
import { type EvaluationConfig, radiiOf } from "../plan/config.js";
import { asSurrogate, openerOf } from "../plan/models.node.js";
import type { Plan } from "../plan/plan.node.js";

/** What of a plan a worker needs. */
export type WorkerPlan = Pick<Plan, "config" | "attacks" | "radii" | "classWeights" | "model"> & {
  readonly surrogate?: Pick<Plan, "model"> | undefined;
};

/** What a worker's plan is made of. */
export type CompletePlan = Pick<Plan, "config" | "classes" | "classWeights" | "plugins" | "model"> & {
  readonly surrogate: Pick<Plan, "model"> | undefined;
};

/** The same as data. */
export interface HandedPlan {
  readonly config: EvaluationConfig;
  readonly classes: number;
  readonly classWeights: readonly number[] | undefined;
  readonly plugins: readonly PluginFacts[];
  readonly model: OpenedModel;
  readonly surrogate: OpenedModel | undefined;
}

/** @returns data whose weights all threads that they are sent to share */
export async function handOver({
  config,
  classes,
  classWeights,
  plugins,
  model,
  surrogate,
}: CompletePlan): Promise<HandedPlan> {
  const handed = async (opener: ModelOpener) => {
    const opened = await opener.opened();
    for (const { graph } of opened.networks.values()) shareWeights(graph);
    if (opened.graph) shareWeights(opened.graph);
    return opened;
  };
  return {
    ...{ config, classes, classWeights, plugins },
    model: await handed(model),
    surrogate: surrogate && (await handed(surrogate.model)),
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
  const opener = (opened: OpenedModel) => openerOf(opened, config, classes, components);
  return {
    ...{ config, classWeights, radii: radiiOf(config), attacks: attacksOf(config, components).attacks },
    model: opener(model),
    surrogate: surrogate && { model: asSurrogate(config.surrogate!, opener(surrogate)) },
  };
}

/** Puts the weights of a graph into memory that threads share, in their place. */
function shareWeights({ initializers }: Graph): void {
  for (const [name, tensor] of initializers) initializers.set(name, inSharedMemory(tensor));
}
