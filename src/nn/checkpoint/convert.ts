/** A checkpoint and an architecture made one ONNX graph. */
import { SeawallError, type Tensor } from "../../base/index.js";
import type { Graph } from "../../onnx/index.js";
import type { Normalization } from "../architectures/architecture.js";
import { type ArchitectureName, architectures } from "../architectures/index.js";
import { buildArchitecture, withWeights } from "../build.js";
import type { DialectName } from "../key-maps/index.js";
import type { Size } from "../layers/shapes.js";
import { recordInMetadata } from "../record.js";
import { compare, type FitOptions, fitWeights, loadable } from "./fit.js";
import { type Translation, translateCheckpoint } from "./translate.js";

export interface ConvertOptions extends FitOptions {
  /** Default: what the checkpoint's classifier has. */
  readonly classes?: number;
  /** Default: the architecture's usual size. */
  readonly size?: Size;
  /** Default: left open. */
  readonly batch?: number | string;
  readonly auxiliary?: boolean;
  /** Default: as the dialect, else the architecture says. */
  readonly normalization?: Normalization;
  /** Of the file; what Seawall wrote there about the network goes before what the dialect says. */
  readonly metadata?: ReadonlyMap<string, string>;
}

export interface ConvertReport {
  readonly architecture: ArchitectureName;
  readonly dialect: DialectName;
  readonly classes: number;
  readonly size: Size;
  readonly normalization: Normalization;
  /** Parameters that were not in the checkpoint and begin at random. */
  readonly initialized: readonly string[];
  /** Each thing done on the way, one sentence each. */
  readonly notices: readonly string[];
}

/**
 * The network with the checkpoint's weights, from `image` (N×3×H×W, RGB in [0, 1]) to `logits` (N×K×H×W).
 * @param tensors a state dictionary in any of the dialects
 * @throws SeawallError `weights` when they do not fit, listing keys and shapes
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
  const { dialect } = translation;
  const record = recordInMetadata(options.metadata ?? new Map());
  const flavour = record?.flavour ?? dialect.flavour;
  const normalization =
    options.normalization ?? record?.normalization ?? dialect.normalization ?? row.normalization;
  const built = buildArchitecture(architecture, {
    classes,
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
    report: { architecture, dialect: translation.name, classes, size, normalization, initialized, notices },
  };
}

function classesIn({ tensors }: Translation, architecture: ArchitectureName): number {
  const { classifier } = architectures[architecture];
  const classes = tensors.get(classifier)?.dims[0];
  if (classes !== undefined) return classes;
  throw new SeawallError("usage", `the checkpoint has no ${classifier} to count classes by; give --classes`);
}

function normalizationNotice(normalization: Normalization): string {
  return normalization === "none"
    ? "the network sees the pixels as they are, in [0, 1]"
    : "ImageNet's mean and deviation are part of the graph; its input stays in [0, 1]";
}

/** Adds to a failure the architectures that would have fitted. */
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

/** The architectures whose whole state dictionary, or whose backbone, a checkpoint holds. */
export function architecturesFor(tensors: ReadonlyMap<string, Tensor>): ArchitectureName[] {
  const names = Object.keys(architectures) as ArchitectureName[];
  return names.filter((name) => {
    const { family, classifier, classes, size } = architectures[name];
    const translation = translationOrNone(tensors, family);
    if (!translation) return false;
    const built = buildArchitecture(name, {
      classes: translation.tensors.get(classifier)?.dims[0] ?? classes,
      size,
      ...(translation.dialect.flavour !== undefined && { flavour: translation.dialect.flavour }),
    });
    return loadable(compare(built.parameters, translation), translation.dialect.backbone === true);
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
