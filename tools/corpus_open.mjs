/**
 * Opens one case of corpus.py with the built product: `node tools/corpus_open.mjs FOLDER`.
 *
 * Reads model.onnx and the reference (tensor_folder.py); writes grad.onnx (what `seawall grad --loss ce` writes),
 * attack.bin (the gradient that an attack of `seawall eval` sees) and opened.json, which holds a refusal instead
 * where the model is refused.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportGradient, losses, openModel, readModelFile, SeawallError, writeModel } from "../dist/index.js";

const [folder] = process.argv.slice(2);
const at = (file) => join(folder, file);
const { output, size } = JSON.parse(readFileSync(at("case.json"), "utf8"));
const buffer = (file) => readFileSync(at(`reference/${file}.bin`)).buffer;
const chosen = output ? { output } : {};

async function opened() {
  const { graph } = await readModelFile(at("model.onnx"));
  const model = await openModel(graph, { ...chosen, size: { height: size, width: size } });
  const { classes, notices, batch } = model.prepared;
  const oracle = model.oracle({ losses: [losses.ce] });
  const image = new Float32Array(buffer("image"));
  const labels = Int32Array.from(new BigInt64Array(buffer("labels")), Number);
  const { gradient } = await oracle.image(image, labels).evaluate(image, { loss: losses.ce });
  await oracle.dispose();
  writeFileSync(at("attack.bin"), gradient);
  const options = { loss: "ce", ...chosen, ...(isOpen(graph) && { inputShape: [batch, 3, size, size] }) };
  const exported = await checkedExport(graph, options);
  writeFileSync(at("grad.onnx"), writeModel(exported.graph));
  return { classes, notices, check: exported.check };
}

/** The export as `seawall grad` makes it; where its check refuses to write, as `--no-check` does. */
async function checkedExport(graph, options) {
  try {
    return await exportGradient(graph, options);
  } catch (error) {
    if (!(error instanceof SeawallError && error.message.includes("--no-check"))) throw error;
    return {
      ...(await exportGradient(graph, { ...options, check: false })),
      check: { verdict: error.message },
    };
  }
}

const isOpen = ({ inputs }) => inputs[0].shape?.some((length) => typeof length !== "number") ?? true;

const found = await opened().catch((error) => {
  if (!(error instanceof SeawallError)) throw error;
  return { refused: error.message };
});
writeFileSync(at("opened.json"), JSON.stringify(found, null, 2));
