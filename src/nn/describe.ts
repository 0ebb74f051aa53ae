/** What there is to know about an architecture without weights. */
import type { Family, Normalization } from "./architectures/architecture.js";
import { type ArchitectureName, architectures } from "./architectures/index.js";
import { buildArchitecture } from "./build.js";
import { type Dialect, type DialectName, dialects } from "./key-maps/index.js";
import { countParameters, type ParameterKind } from "./layers/parameters.js";
import type { Size } from "./layers/shapes.js";

export interface ArchitectureDescription {
  readonly name: ArchitectureName;
  readonly summary: string;
  readonly family: Family;
  readonly classes: number;
  readonly size: Size;
  readonly normalization: Normalization;
  /** Learned numbers in the state dictionary, and those of them that inference reads. */
  readonly parameters: number;
  readonly inferenceParameters: number;
  /** Of one image's forward pass, in convolutions and matrix products; each is two floating-point operations. */
  readonly multiplyAdds: number;
  /** The whole state dictionary; `inference` is false for what only training reads, and for what nothing does. */
  readonly keys: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly kind: ParameterKind;
    readonly inference: boolean;
  }[];
  /** The kinds of files that can be loaded into it. */
  readonly dialects: readonly DialectName[];
}

/** Default: the number of classes and the image size of its best known checkpoints. */
export function describeArchitecture(
  name: ArchitectureName,
  options: { readonly classes?: number; readonly size?: Size } = {},
): ArchitectureDescription {
  const { summary, family, normalization, ...usual } = architectures[name];
  const { classes = usual.classes, size = usual.size } = options;
  const { parameters, multiplyAdds } = buildArchitecture(name, { classes, size });
  return {
    name,
    summary,
    family,
    classes,
    size,
    normalization,
    parameters: countParameters(parameters),
    inferenceParameters: countParameters(parameters.filter(({ used }) => used)),
    multiplyAdds,
    keys: parameters.map(({ name, shape, kind, used }) => ({ name, shape, kind, inference: used })),
    dialects: (Object.keys(dialects) as DialectName[]).filter(
      (dialect) => (dialects[dialect] as Dialect).family === family,
    ),
  };
}
