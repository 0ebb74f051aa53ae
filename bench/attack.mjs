/**
 * Attack steps of Seawall on request, as `seawall eval` makes them: the images of a batch run in parallel, each in a
 * thread with its own engine.
 *
 *     node attack.mjs MODEL.onnx NxCxHxW THREADS [DEVICE [SEA-STEPS]]
 *
 * With SEA-STEPS, what is timed is SEA with so many steps for each of its attacks.
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { losses, norms, openModel, parseMembers, randomStream, readModelFile } from "seawall";
import { serve } from "./serve.mjs";

if (isMainThread) await answer();
else await attack(workerData);

async function answer() {
  const [file, size, threads, device = "cpu", seaSteps] = process.argv.slice(2);
  const [n, , height, width] = size.split("x").map(Number);
  const share = Math.max(1, Math.floor(Number(threads) / n));
  const workers = Array.from({ length: n }, (_, seed) => {
    return new Worker(new URL(import.meta.url), {
      workerData: { file, height, width, threads: share, device, seaSteps, seed },
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

/** A worker for one image. It makes one step, or one SEA, for every message, and replies when that is done. */
async function attack({ file, height, width, threads, device, seaSteps, seed }) {
  const { graph } = await readModelFile(file);
  const model = await openModel(graph, { size: { height, width } }, { threads, device });
  const members = seaSteps === undefined ? [] : parseMembers("sea-2023", { steps: Number(seaSteps) });
  const needed = members.length > 0 ? members.flatMap(({ attack }) => attack.losses) : [losses.ce];
  const oracle = model.oracle({ losses: [...new Set(needed)] });
  const noise = (i) => Math.abs((Math.sin(12.9898 * (i + seed)) * 43758.5453) % 1);
  const pixels = Float32Array.from({ length: 3 * height * width }, (_, i) => noise(i));
  const labels = Int32Array.from({ length: height * width }, (_, i) => i % oracle.classes);
  const image = oracle.image(pixels, labels);

  let point = pixels;
  let { gradient } = await image.evaluate(point, { loss: needed[0] });
  const step = async () => {
    const tensors = { image: pixels, current: point, previous: point, gradient };
    point = await image.step(norms.linf.ascend, tensors, { radius: 4 / 255, stepSize: 2 / 255, momentum: 1 });
    ({ gradient } = await image.evaluate(point, { loss: losses.ce }));
  };
  const sea = async () => {
    for (const { attack, steps } of members) {
      const settings = { radius: 4 / 255, steps, norm: "linf", accounting: "strict" };
      await attack.run(image, settings, randomStream(seed, attack.name));
    }
  };
  parentPort.on("message", async () => {
    await (members.length > 0 ? sea() : step());
    parentPort.postMessage("done");
  });
  parentPort.postMessage("ready");
}
