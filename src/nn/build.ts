/** From an architecture to a graph, and from a graph without weights to one with them. */
import { invariant, SeawallError, type Tensor } from "../base/index.js";
import { copyGraph, emptyGraph, type Graph, readsOf, removeDead, type Value } from "../onnx/index.js";
import type { Architecture, Flavour, Normalization } from "./architectures/architecture.js";
import { type ArchitectureName, architectures } from "./architectures/index.js";
import { Net } from "./layers/modules.js";
import type { ParameterSpec } from "./layers/parameters.js";
import type { Activation, NoiseInput } from "./layers/scope.js";
import type { ImageSize } from "./layers/shapes.js";
import { graphName } from "./record.js";

/** Opset 20 is the first with an exact Gelu. */
const opset = 20;

const imagenet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

export interface BuildOptions {
  readonly classes: number;
  /** Channels of the image; default 3. */
  readonly channels?: number | undefined;
  readonly size: ImageSize;
  /** Images per run: a number, or the name of a symbolic dimension. Default `"N"`. */
  readonly batch?: number | string;
  /** Adds the output `auxiliary` if the architecture has an auxiliary head. */
  readonly auxiliary?: boolean;
  /** Writes a training graph: batch statistics, and inputs for the random factors of dropout and stochastic depth. */
  readonly training?: boolean;
  /** Default: the normalization of the architecture's published checkpoints. */
  readonly normalization?: Normalization;
  readonly flavour?: Flavour;
}

/** A network without weights. */
export interface BuiltArchitecture {
  /**
   * From `image` (N×C×H×W in [0, 1]; RGB for three channels) to `logits` (N×K×H×W), `auxiliary` (the same shape) if requested, and in
   * training `next/KEY` for each running statistic. Nodes read the parameters by name; `withWeights` defines them.
   */
  readonly graph: Graph;
  /** The whole state dictionary, in the order in which the layers are written. */
  readonly parameters: readonly ParameterSpec[];
  /** In training, the inputs for random factors. */
  readonly noise: readonly NoiseInput[];
  /** In training, the output with the new value of each running statistic, by the statistic's name. */
  readonly updates: ReadonlyMap<string, Value>;
  /** Multiply-adds of one image's forward pass in convolutions and matrix products. */
  readonly multiplyAdds: number;
}

/**
 * Writes the graph of an architecture for a number of classes and an image size.
 * @throws SeawallError `config` for a size or batch that the architecture does not allow
 */
export function buildArchitecture(name: ArchitectureName, options: BuildOptions): BuiltArchitecture {
  return build(architectures[name], options, name);
}

/** As `buildArchitecture`, for an architecture that is not in the table. */
export function build(
  architecture: Architecture,
  options: BuildOptions,
  name = "network",
): BuiltArchitecture {
  const { classes, channels = 3, size, batch = "N", auxiliary = false, training = false, flavour } = options;
  const counts = [
    ["classes", classes],
    ["channels", channels],
    ["size", size[0]],
    ["size", size[1]],
    ["batch size", batch],
  ] as const;
  for (const [what, count] of counts) requireCount(what, count);
  const normalization = normalizationFor(architecture, channels, options.normalization);
  const empty = emptyGraph(graphName(name, normalization, flavour, channels), opset);
  const net = new Net(empty, { batch, training });
  const image = net.input("image", [channels, ...size]);
  const seen = normalized(net, image, normalization);
  const outputs = architecture.write(net, seen, { classes, auxiliary, flavour });
  net.output(outputs.logits.value, "logits");
  if (outputs.auxiliary) net.output(outputs.auxiliary.value, "auxiliary");
  const updates = new Map([...net.updates].map(([key, value]) => [key, net.output(value, `next/${key}`)]));

  const graph = removeDead(net.graph);
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  return {
    graph,
    parameters: net.parameters(new Set(graph.nodes.flatMap(readsOf))),
    noise: net.noise,
    updates,
    multiplyAdds: net.multiplyAdds(made),
  };
}

/**
 * The normalization of an architecture, or the one that is asked for. ImageNet's is known for RGB alone.
 * @throws SeawallError `config` if ImageNet's is asked for other channels
 */
export function normalizationFor(
  { normalization }: Pick<Architecture, "normalization">,
  channels: number,
  asked?: Normalization,
): Normalization {
  if (channels === 3) return asked ?? normalization;
  if (asked !== "imagenet") return "none";
  throw new SeawallError(
    "config",
    `normalization imagenet: ImageNet has mean and deviation for 3 channels, the images have ${channels}; use none`,
  );
}

function requireCount(what: string, count: number | string): void {
  if (typeof count === "string" || (Number.isInteger(count) && count > 0)) return;
  throw new SeawallError("config", `${what} ${count}: expected a whole number above 0`);
}

function normalized(net: Net, image: Activation, normalization: Normalization): Activation {
  if (normalization === "none") return image;
  return net.within("normalize", () => net.standardize(image, imagenet.mean, imagenet.deviation));
}

/** The graph with its parameters as initializers. Entries of `weights` that the graph does not read are ignored. */
export function withWeights(built: BuiltArchitecture, weights: ReadonlyMap<string, Tensor>): Graph {
  const graph = copyGraph(built.graph);
  for (const { name, shape } of built.parameters.filter(({ used }) => used)) {
    const tensor = weights.get(name);
    invariant(tensor, `parameter ${name} has no value`);
    invariant(
      tensor.type === "float32" && tensor.dims.join() === shape.join(),
      `parameter ${name} is ${tensor.type} [${tensor.dims}], not float32 [${shape}]`,
    );
    graph.initializers.set(name, tensor);
  }
  return graph;
}
