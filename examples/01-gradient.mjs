// The gradient of any ONNX file, as a graph of standard operators that any ONNX runtime can run.
// node examples/01-gradient.mjs [MODEL [OUT]]
import { writeFileSync } from "node:fs";
import { exportGradient, readModelFile, writeModel } from "seawall";

const [model = "demo/model.onnx", out] = process.argv.slice(2);
const { graph } = await readModelFile(model);
const { graph: withGradient, check } = await exportGradient(graph, { loss: "ce" });

for (const { name, type, shape } of withGradient.inputs) console.log("in ", name, type, shape);
for (const { name } of withGradient.outputs) console.log("out", name);
console.log("largest difference from finite differences, as a share of the gradient:", check.error);
if (out) writeFileSync(out, writeModel(withGradient));
