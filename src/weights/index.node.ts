/** Weights on disk: what of this room needs Node. */
export { readWeightsFile, writeSafetensorsFile } from "./file.node.js";
