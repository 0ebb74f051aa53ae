/** The process in which a model from a stranger is opened first. A thread of its own watches how much memory it takes. */
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { Worker } from "node:worker_threads";
import { SeawallError } from "../../base/index.js";
import { loadComponents } from "../../components/index.node.js";
import { losses } from "../../loss/index.js";
import { type Graph, readModel } from "../../onnx/index.js";
import { exportGradient, openModel } from "../../oracle/index.js";
import { answer, type TrialHead, type TrialTask } from "./answer.node.js";

const { task, file, memory } = JSON.parse(process.argv[2]!) as TrialHead;

const watch = new Worker(new URL("./memory-watch.node.js", import.meta.url), { workerData: memory });
await once(watch, "message");
watch.unref();
try {
  await carryOut(readModel(await buffer(process.stdin), { file }), task);
  answer({});
} catch (error) {
  if (!(error instanceof SeawallError)) throw error;
  answer({ refused: { code: error.code, message: error.message } });
}

async function carryOut(graph: Graph, wanted: TrialTask): Promise<void> {
  if (wanted.kind === "export") return void (await exportGradient(graph, wanted.options));
  const { options, engine, plugin } = wanted;
  const { components } = await loadComponents(plugin);
  const { rules } = components;
  const model = await openModel(graph, { ...options, ...(rules && { rules }) }, engine);
  const { channels, height, width } = model;
  const oracle = model.oracle({ losses: [losses.ce] });
  const grey = new Float32Array(channels * height * width).fill(0.5);
  await oracle.image(grey, new Int32Array(height * width)).evaluate(grey, { loss: losses.ce });
  await oracle.dispose();
}
