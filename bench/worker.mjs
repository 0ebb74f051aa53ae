/** One attack step of Seawall on demand: reads `step` lines, answers with seconds; `quit` answers with the peak of resident memory. */
import { createInterface } from "node:readline";
import { norms, openModel, readModelFile } from "seawall";

const [file, size, threads] = process.argv.slice(2);
const [n, , height, width] = size.split("x").map(Number);
const { graph } = await readModelFile(file);
const model = await openModel(graph, { size: { height, width } }, { threads: Number(threads) });
const oracle = model.oracle({ losses: ["ce"] });

const features = 3 * height * width;
const noise = (i) => (Math.sin(12.9898 * i) * 43758.5453) % 1;
const images = Array.from({ length: n }, (_, k) => {
  const image = Float32Array.from({ length: features }, (_, i) => Math.abs(noise(i + k * features)));
  const labels = Int32Array.from({ length: height * width }, (_, i) => i % oracle.classes);
  return oracle.image(image, labels);
});
const radius = 4 / 255;
const states = await Promise.all(
  images.map(async (image) => ({
    point: image.image,
    gradient: (await image.evaluate(image.image, { loss: "ce" })).gradient,
  })),
);

/** Update, forward, loss and gradient of every image of the batch. */
async function step() {
  await Promise.all(
    images.map(async (image, k) => {
      const { point, gradient } = states[k];
      const tensors = { image: image.image, current: point, previous: point, gradient };
      const next = await image.step(norms.linf.ascend, tensors, { radius, stepSize: 1 / 255, momentum: 1 });
      const answer = await image.evaluate(next, { loss: "ce" });
      states[k] = { point: next, gradient: answer.gradient };
    }),
  );
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "quit") {
    console.log(`peak ${1024 * process.resourceUsage().maxRSS}`);
    process.exit(0);
  }
  const started = performance.now();
  await step();
  console.log((performance.now() - started) / 1000);
}
