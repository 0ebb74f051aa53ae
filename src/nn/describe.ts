/** The description of an architecture without weights, for `seawall models`. */
import type { Family, Normalization } from "./architectures/architecture.js";
import { type ArchitectureName, architectures } from "./architectures/index.js";
import { buildArchitecture } from "./build.js";
import { type KeyMap, type KeyMapName, keyMaps } from "./key-maps/index.js";
import { countParameters, type ParameterKind } from "./layers/parameters.js";
import type { ImageSize } from "./layers/shapes.js";

export interface ArchitectureDescription {
  readonly name: ArchitectureName;
  readonly summary: string;
  readonly family: Family;
  readonly classes: number;
  readonly size: ImageSize;
  readonly normalization: Normalization;
  /** Number of learned values in the state dictionary, and how many of them inference reads. */
  readonly parameters: number;
  readonly inferenceParameters: number;
  /** Multiply-adds of one image's forward pass in convolutions and matrix products; each is two FLOPs. */
  readonly multiplyAdds: number;
  /** The whole state dictionary. `inference` is false for a tensor that inference does not read. */
  readonly keys: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly kind: ParameterKind;
    readonly inference: boolean;
  }[];
  /** Key maps of the checkpoints that can be loaded. */
  readonly keyMaps: readonly KeyMapName[];
}

/** Describes an architecture. Default classes and size: those of its best-known checkpoints. */
export function describeArchitecture(
  name: ArchitectureName,
  options: { readonly classes?: number; readonly size?: ImageSize } = {},
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
    keyMaps: (Object.keys(keyMaps) as KeyMapName[]).filter(
      (keyMap) => (keyMaps[keyMap] as KeyMap).family === family,
    ),
  };
}
