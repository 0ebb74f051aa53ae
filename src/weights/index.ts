/**
 * Named tensors from `.safetensors`, `.pth` and `.pt` files, and back to `.safetensors`. A security border: it never
 * executes anything that a file contains.
 *
 * `read.ts` tells the format by the first bytes. `safetensors/` reads and writes safetensors. `torch/` reads what
 * `torch.save` writes: `torch-zip.ts` since version 1.6, `torch-legacy.ts` before. Both run `pickle/`:
 * `pickle.ts` runs `opcodes.ts` on the stack of `machine.ts`; `globals.ts` is the closed list of Python names that a
 * file may use; `rebuild.ts` and `numpy.ts` make tensors from calls of these names; `storage.ts` gives the tensors
 * their bytes at the end; `value.ts` is the type of the result. `state-dict.ts` then finds the dictionary of tensors
 * in it. `guard/` has what keeps hostile files harmless: limits, checked reading, safe messages. `convert.ts`: to float32.
 */
export { toFloat32 } from "./convert.js";
export { PickledObject, type PickleValue } from "./pickle/value.js";
export { readWeights, type Weights } from "./read.js";
export { readSafetensors, type SafeTensors } from "./safetensors/safetensors.js";
export { writeSafetensors } from "./safetensors/safetensors-write.js";
export { type StateDict, stateDictOf, stripPrefix } from "./state-dict.js";
export { readTorch } from "./torch/torch.js";
