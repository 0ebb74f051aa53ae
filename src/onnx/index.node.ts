/** Models on disk. */
export { type ModelFile, readModelFile, type WriteOptions, writeModelFile } from "./file.node.js";
