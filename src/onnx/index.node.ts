/** The part of `onnx` that needs Node: models on disk. */
export { type ModelFile, readModelFile, type WriteOptions, writeModelFile } from "./format/file.node.js";
