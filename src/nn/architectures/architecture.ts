/** The type of an architecture: a function that writes a network, and its properties before it is written. */
import { SeawallError } from "../../base/index.js";
import type { Net } from "../layers/modules.js";
import type { Activation, InitialStyle } from "../layers/scope.js";
import { type ImageSize, imageDims } from "../layers/shapes.js";

/** Architectures whose checkpoints have the same naming schemes. `upernet` is UPerNet on ConvNeXt. */
export type Family = "upernet" | "upernet-swin" | "segmenter" | "pspnet" | "segformer" | "classifier";

/** How the network normalizes an image in [0, 1]: not at all, or by ImageNet's mean and deviation. */
export type Normalization = "none" | "imagenet";

/** Implementations of one architecture whose computations differ, not only the names of their parameters. */
export type Flavour = "transformers" | "mmsegmentation" | "nvidia";

export interface Variant {
  readonly classes: number;
  /** Whether to write the auxiliary head, if the architecture has one. Its parameters are declared either way. */
  readonly auxiliary: boolean;
  /** Undefined: the architecture's default. */
  readonly flavour: Flavour | undefined;
}

/** Logits [classes, H, W], with the height and width of the image; a classifier has [classes, 1, 1]. */
export interface Outputs {
  readonly logits: Activation;
  /** Logits of the auxiliary head on inner layers. Training adds their loss. */
  readonly auxiliary?: Activation | undefined;
}

export interface Architecture {
  /** One line: network and origin. */
  readonly summary: string;
  readonly family: Family;
  /** Image size and number of classes of its best-known checkpoints. */
  readonly size: ImageSize;
  readonly classes: number;
  readonly normalization: Normalization;
  /** The name of the parameter whose first axis has one entry per class. */
  readonly classifier: string;
  /** @throws SeawallError `config` for an image size that the architecture does not allow */
  write(net: Net, image: Activation, variant: Variant): Outputs;
}

/** The part of a network that turns an image into feature maps. Segmentation networks and classifiers can share it. */
export interface Backbone {
  /** The prefix of its parameters' names. */
  readonly name: string;
  /** The family of the segmentation networks on it. */
  readonly family: Family;
  readonly normalization: Normalization;
  /** Initial weights and biases of the whole network. Default: N(0, 0.02) and 0, suited to wide layers. */
  readonly initial?: Partial<InitialStyle> | undefined;
  /** Writes it; returns maps [channels, height, width] at strides 4, 8, 16, 32. */
  write(net: Net, image: Activation, flavour?: Flavour): Activation[];
}

/** @throws SeawallError `config` if a side of the image is shorter than `smallest` pixels */
export function requireSides(image: Activation, smallest: number): void {
  const [, height, width] = imageDims(image);
  if (height >= smallest && width >= smallest) return;
  throw new SeawallError(
    "config",
    `image size ${height}x${width}: this architecture needs at least ${smallest} pixels on each side, because it halves the image several times`,
  );
}

/** Height and width of an image. */
export function sizeOfImage(image: Activation): ImageSize {
  const [, height, width] = imageDims(image);
  return [height, width];
}
