/** The held-out images as batches of the network's size. */
import { majorityLabel } from "../../data/index.js";
import type { Batch } from "../loop/network.js";
import type { TrainingPlan } from "./plan.node.js";

/** Decodes the held-out images once and keeps them in memory. Undefined where none is held out. */
export async function heldOutBatches(plan: TrainingPlan): Promise<Batch[] | undefined> {
  const { heldOut, network, target } = plan;
  if (!heldOut) return undefined;
  const whole = target === "majority";
  const { channels = 3 } = network;
  const [height, width] = network.size;
  const perImage = { image: channels * height * width, labels: whole ? 1 : height * width };
  const batches: { images: Float32Array; labels: BigInt64Array }[] = [];
  let filled = network.attacked;
  for await (const { image, labels } of heldOut.samples()) {
    if (filled === network.attacked) {
      batches.push(emptyBatch(network.attacked, perImage));
      filled = 0;
    }
    const { images, labels: classes } = batches.at(-1)!;
    images.set(image.data, filled * perImage.image);
    const own = whole ? [majorityLabel(labels!)] : labels!;
    for (let i = 0; i < own.length; i++) classes[filled * perImage.labels + i] = BigInt(own[i]!);
    filled++;
  }
  return batches;
}

function emptyBatch(images: number, perImage: { readonly image: number; readonly labels: number }) {
  return {
    images: new Float32Array(images * perImage.image),
    labels: new BigInt64Array(images * perImage.labels).fill(-1n),
  };
}
