/** From a checkpoint and an architecture to one ONNX graph. */
import { SeawallError, type Tensor } from "../../base/index.js";
import type { Graph } from "../../onnx/index.js";
import type { Normalization } from "../architectures/architecture.js";
import { type ArchitectureName, architectures } from "../architectures/index.js";
import { buildArchitecture, withWeights } from "../build.js";
import type { KeyMapName } from "../key-maps/index.js";
import type { ImageSize } from "../layers/shapes.js";
import { recordInMetadata } from "../record.js";
import { compare, type FitOptions, fitWeights, loadable } from "./fit.js";
import { type Translation, translateCheckpoint } from "./translate.js";

export interface ConvertOptions extends FitOptions {
  /** Default: the number of classes of the checkpoint's classifier. */
  readonly classes?: number;
  /** Default: the image size of the architecture's published checkpoints. */
  readonly size?: ImageSize;
  /** Default: a symbolic dimension. */
  readonly batch?: number | string;
  readonly auxiliary?: boolean;
  /** Default: from the file's metadata, else from its key map, else from the architecture. */
  readonly normalization?: Normalization;
  /** Metadata of the file. How Seawall built the network is recorded there, and precedes the key map's settings. */
  readonly metadata?: ReadonlyMap<string, string>;
}

export interface ConvertReport {
  readonly architecture: ArchitectureName;
  readonly keyMap: KeyMapName;
  readonly classes: number;
  readonly size: ImageSize;
  readonly normalization: Normalization;
  /** Names of the parameters that the checkpoint lacks, which have random initial values. */
  readonly initialized: readonly string[];
  /** What was changed or decided, a sentence each. */
  readonly notices: readonly string[];
}

/**
 * The network with the checkpoint's weights, from `image` (N×C×H×W in [0, 1]) to `logits` (N×K×H×W).
 * @param tensors a state dictionary under the names of any key map
 * @throws SeawallError `weights` if they do not fit the architecture, listing keys and shapes
 */
export function convertCheckpoint(
  tensors: ReadonlyMap<string, Tensor>,
  architecture: ArchitectureName,
  options: ConvertOptions = {},
): { graph: Graph; report: ConvertReport } {
  const row = architectures[architecture];
  const translation = translateCheckpoint(tensors, row.family);
  const classes = options.classes ?? classesIn(translation, architecture);
  const size = options.size ?? row.size;
  const { keyMap } = translation;
  const record = recordInMetadata(options.metadata ?? new Map());
  const flavour = record?.flavour ?? keyMap.flavour;
  const normalization =
    options.normalization ?? record?.normalization ?? keyMap.normalization ?? row.normalization;
  const built = buildArchitecture(architecture, {
    classes,
    channels: record?.channels,
    size,
    normalization,
    ...(options.batch !== undefined && { batch: options.batch }),
    ...(options.auxiliary !== undefined && { auxiliary: options.auxiliary }),
    ...(flavour !== undefined && { flavour }),
  });
  const fitted = withSuggestions(tensors, architecture, () =>
    fitWeights(built.parameters, translation, options),
  );
  const notices = [...translation.notices, ...fitted.notices, normalizationNotice(normalization)];
  const { initialized } = fitted;
  return {
    graph: withWeights(built, fitted.weights),
    report: { architecture, keyMap: translation.name, classes, size, normalization, initialized, notices },
  };
}

function classesIn({ tensors }: Translation, architecture: ArchitectureName): number {
  const { classifier } = architectures[architecture];
  const classes = tensors.get(classifier)?.dims[0];
  if (classes !== undefined) return classes;
  throw new SeawallError(
    "usage",
    `the number of classes is unknown, because the checkpoint has no ${classifier}; give --classes`,
  );
}

function normalizationNotice(normalization: Normalization): string {
  return normalization === "none"
    ? "no normalization: the network takes pixels in [0, 1]"
    : "ImageNet normalization is part of the graph: its input is pixels in [0, 1]";
}

/** Runs `load`. If it fails, the message also names the architectures that fit the checkpoint. */
function withSuggestions<T>(tensors: ReadonlyMap<string, Tensor>, asked: ArchitectureName, load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof SeawallError)) throw error;
    const others = architecturesFor(tensors).filter((name) => name !== asked);
    const hint = others.length > 0 ? `. It fits ${others.join(", ")}` : "";
    throw new SeawallError(error.code, `${asked}: ${error.message}${hint}`, { cause: error });
  }
}

/** The architectures that a checkpoint fits: their whole state dictionary, or their backbone alone. */
export function architecturesFor(tensors: ReadonlyMap<string, Tensor>): ArchitectureName[] {
  const names = Object.keys(architectures) as ArchitectureName[];
  return names.filter((name) => {
    const { family, classifier, classes, size } = architectures[name];
    const translation = translationOrNone(tensors, family);
    if (!translation) return false;
    const built = buildArchitecture(name, {
      classes: translation.tensors.get(classifier)?.dims[0] ?? classes,
      size,
      ...(translation.keyMap.flavour !== undefined && { flavour: translation.keyMap.flavour }),
    });
    return loadable(compare(built.parameters, translation), translation.keyMap.backbone === true);
  });
}

function translationOrNone(...args: Parameters<typeof translateCheckpoint>): Translation | undefined {
  try {
    return translateCheckpoint(...args);
  } catch (error) {
    if (error instanceof SeawallError) return undefined;
    throw error;
  }
}
