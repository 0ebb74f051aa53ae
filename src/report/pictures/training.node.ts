/** Stores a training's held-out images as they were at the last validation. */
import { writePicture } from "../../journal/index.node.js";
import { thumbnails } from "./thumbnail.node.js";

/** A held-out image before and after the attack of a validation. Maps of classes are row by row, −1 for ignored pixels. */
export interface HeldOutExample {
  /** Position among the held-out images. */
  readonly index: number;
  readonly height: number;
  readonly width: number;
  /** C·H·W floats in [0, 1], as are those of `attacked`. */
  readonly image: Float32Array;
  readonly attacked: Float32Array;
  readonly labels: ArrayLike<number>;
  readonly prediction: ArrayLike<number>;
  readonly attackedPrediction: ArrayLike<number>;
}

/**
 * Writes the pictures of an example, over those of the validation before.
 * @param radius of the attack in [0, 1], to which the perturbation is scaled
 */
export async function keepExample(dir: string, example: HeldOutExample, radius: number): Promise<void> {
  const { index, image, attacked } = example;
  const [clean, under] = [
    { index, slot: 0 },
    { index, slot: 1 },
  ];
  writePicture(dir, { ...clean, kind: "image" }, await thumbnails.image(image, example));
  writePicture(dir, { ...clean, kind: "label" }, await thumbnails.map(example.labels, example));
  writePicture(dir, { ...clean, kind: "prediction" }, await thumbnails.map(example.prediction, example));
  writePicture(
    dir,
    { ...under, kind: "prediction" },
    await thumbnails.map(example.attackedPrediction, example),
  );
  const perturbation = await thumbnails.perturbation(image, attacked, radius, example);
  writePicture(dir, { ...under, kind: "perturbation" }, perturbation);
}
