/** Weights from disk: what of this room needs Node. */
export { readWeightsFile } from "./file.node.js";
