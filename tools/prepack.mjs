/**
 * Runs before `npm pack`: removes the install script from the copy of ONNX Runtime that the package bundles.
 *
 * npm runs the install scripts of bundled dependencies too. This one only downloads CUDA libraries, several hundred
 * megabytes that few users need, and an installation without access to that server would fail.
 * `deploy/cuda/install` fetches them on request.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const file = join(dirname(require.resolve("onnxruntime-node")), "../package.json");
const { scripts, ...kept } = JSON.parse(readFileSync(file, "utf8"));
if (scripts !== undefined) {
  // Written under another name first: a process that imports the package at this moment must find a complete file.
  writeFileSync(`${file}.new`, `${JSON.stringify(kept, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
