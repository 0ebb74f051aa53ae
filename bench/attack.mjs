/**
 * Attack steps of Seawall on request, as `seawall eval` makes them: the images of a batch run in parallel, each in a
 * thread with its own engine.
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { losses, norms, openModel, readModelFile } from "seawall";
import { serve } from "./serve.mjs";

if (isMainThread) await answer();
else await attack(workerData);

async function answer() {
  const [file, size, threads] = process.argv.slice(2);
  const [n, , height, width] = size.split("x").map(Number);
  const share = Math.max(1, Math.floor(Number(threads) / n));
  const workers = Array.from({ length: n }, (_, seed) => {
    return new Worker(new URL(import.meta.url), {
      workerData: { file, height, width, threads: share, seed },
    });
  });
  const all = () =>
    Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
  await all();
  await serve(() => {
    const done = all();
    for (const worker of workers) worker.postMessage("step");
    return done;
  });
}

/** A worker for one image. It makes one step for every message, and replies when the step is done. */
async function attack({ file, height, width, threads, seed }) {
  const model = await openModel((await readModelFile(file)).graph, { size: { height, width } }, { threads });
  const oracle = model.oracle({ losses: [losses.ce] });
  const noise = (i) => Math.abs((Math.sin(12.9898 * (i + seed)) * 43758.5453) % 1);
  const pixels = Float32Array.from({ length: 3 * height * width }, (_, i) => noise(i));
  const labels = Int32Array.from({ length: height * width }, (_, i) => i % oracle.classes);
  const image = oracle.image(pixels, labels);

  let point = pixels;
  let { gradient } = await image.evaluate(point, { loss: losses.ce });
  parentPort.on("message", async () => {
    const tensors = { image: pixels, current: point, previous: point, gradient };
    point = await image.step(norms.linf.ascend, tensors, { radius: 4 / 255, stepSize: 2 / 255, momentum: 1 });
    ({ gradient } = await image.evaluate(point, { loss: losses.ce }));
    parentPort.postMessage("done");
  });
  parentPort.postMessage("ready");
}
