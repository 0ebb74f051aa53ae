/** Named tensors from `.safetensors`, `.pth` and `.pt`, and back. A security border: it reads, it never executes. */
export { toFloat32 } from "./convert.js";
export { PickledObject, type Value } from "./pickle/value.js";
export { readWeights, type Weights } from "./read.js";
export { readSafetensors, type SafeTensors } from "./safetensors/safetensors.js";
export { writeSafetensors } from "./safetensors/safetensors-write.js";
export { type StateDict, stateDictOf, stripPrefix } from "./state-dict.js";
export { readTorch } from "./torch/torch.js";
