/** What an architecture is: a function that writes a network, and what must be known about it beforehand. */
import { SeawallError } from "../../base/index.js";
import type { Net } from "../layers/modules.js";
import type { Activation } from "../layers/scope.js";
import { imageDims, type Size } from "../layers/shapes.js";

export type Family = "upernet" | "segmenter" | "pspnet" | "segformer" | "classifier";

/** What happens to an image in [0, 1] before the first layer: nothing, or ImageNet's mean and deviation. */
export type Normalization = "none" | "imagenet";

/** Implementations of one architecture that differ in more than the names of their parameters. */
export type Flavour = "transformers" | "mmsegmentation" | "nvidia";

export interface Variant {
  readonly classes: number;
  /** Write the auxiliary head, if the architecture has one; its parameters are declared in any case. */
  readonly auxiliary: boolean;
  /** Undefined for the architecture's own. */
  readonly flavour: Flavour | undefined;
}

/** Logits [classes, H, W] in the size of the image; [classes, 1, 1] of a classifier. */
export interface Outputs {
  readonly logits: Activation;
  /** Of a head on inner layers, whose loss training adds. */
  readonly auxiliary?: Activation | undefined;
}

export interface Architecture {
  /** One line: what it is and where it comes from. */
  readonly summary: string;
  readonly family: Family;
  /** The image size and number of classes of its best known checkpoints. */
  readonly size: Size;
  readonly classes: number;
  readonly normalization: Normalization;
  /** The parameter whose first axis is the classes. */
  readonly classifier: string;
  /** @throws SeawallError `config` for an image size that the architecture does not allow */
  write(net: Net, image: Activation, variant: Variant): Outputs;
}

/** @throws SeawallError `config` if a side of the image is shorter than `smallest` pixels */
export function requireSides(image: Activation, smallest: number): void {
  const [, height, width] = imageDims(image);
  if (height >= smallest && width >= smallest) return;
  throw new SeawallError(
    "config",
    `image size ${height}x${width}: this architecture halves its images so often that it needs ${smallest} pixels or more on each side`,
  );
}

/** Height and width of an image. */
export function sizeOfImage(image: Activation): Size {
  const [, height, width] = imageDims(image);
  return [height, width];
}
