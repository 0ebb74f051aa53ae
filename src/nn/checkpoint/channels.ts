/** Weights of an RGB network for images of another number of channels. */
import { float32, sizeOf, type Tensor } from "../../base/index.js";
import { toFloat32 } from "../../weights/index.js";
import type { ParameterSpec } from "../layers/parameters.js";
import type { Translation } from "./translate.js";

/**
 * Adapts the convolution that reads the image, the network's first: channel c gets the weights of colour c mod 3, times
 * 3/C, so that an image whose channels are all equal gives about the same features (as timm does). A single channel gets
 * the sum of the three.
 * @returns the translation unchanged where the checkpoint has as many channels as the network, or others than three
 */
export function adaptChannels(parameters: readonly ParameterSpec[], translation: Translation): Translation {
  const stem = parameters.find(({ kind, shape }) => kind === "weight" && shape.length === 4);
  const stored = stem && translation.tensors.get(stem.name);
  if (!stem || stored?.dims.length !== 4) return translation;
  const channels = stem.shape[1]!;
  if (channels === 3 || stored.dims[1] !== 3) return translation;
  const tensors = new Map(translation.tensors).set(stem.name, withChannels(toFloat32(stored), channels));
  const notice = `${stem.name} was trained on RGB: its weights are ${channels === 1 ? "added up for the one channel" : `repeated for ${channels} channels, times 3/${channels}`}`;
  return { ...translation, tensors, notices: [...translation.notices, notice] };
}

function withChannels({ dims, data }: Tensor<"float32">, channels: number): Tensor<"float32"> {
  const [filters, colours, ...kernel] = dims as [number, number, ...number[]];
  const area = sizeOf(kernel);
  const adapted = new Float32Array(filters * channels * area);
  for (let i = 0; i < adapted.length; i++) {
    const [filter, channel, tap] = [
      Math.floor(i / (channels * area)),
      Math.floor(i / area) % channels,
      i % area,
    ];
    const at = (colour: number) => data[(filter * colours + colour) * area + tap]!;
    adapted[i] = channels === 1 ? at(0) + at(1) + at(2) : (at(channel % 3) * 3) / channels;
  }
  return float32([filters, channels, ...kernel], adapted);
}
