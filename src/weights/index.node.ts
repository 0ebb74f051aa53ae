/** The part of `weights` that needs Node: files on disk. */
export { readWeightsFile, writeSafetensorsFile } from "./file.node.js";
