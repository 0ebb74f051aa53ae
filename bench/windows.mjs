/**
 * Gradients of a model with a sliding window on request, or, as what they are compared with, those of as many single
 * windows: images of the window's size.
 *
 *     node windows.mjs MODEL.onnx 1xCxHxW WINDOW STRIDE sliding|single THREADS
 */
import { losses, openModel, readModelFile } from "seawall";
import { serve } from "./serve.mjs";

const [file, size, windowText, strideText, mode, threads] = process.argv.slice(2);
const sizeOf = (text) => {
  const [height, width] = text.split("x").slice(-2).map(Number);
  return { height, width };
};
const [image, window, stride] = [size, windowText, strideText].map(sizeOf);
const along = (length, part, step) => Math.ceil(Math.max(0, length - part) / step) + 1;
const windows =
  along(image.height, window.height, stride.height) * along(image.width, window.width, stride.width);

const { graph } = await readModelFile(file);
const options = mode === "sliding" ? { size: image, window, stride } : { size: window };
const model = await openModel(graph, options, { threads: Number(threads) });
const oracle = model.oracle({ losses: [losses.ce] });
const { channels, height, width, classes } = oracle;
const noise = (_, i) => Math.abs((Math.sin(12.9898 * i) * 43758.5453) % 1);
const pixels = Float32Array.from({ length: channels * height * width }, noise);
const labels = Int32Array.from({ length: height * width }, (_, i) => i % classes);
const asked = oracle.image(pixels, labels);

await serve(async () => {
  for (let i = 0; i < (mode === "sliding" ? 1 : windows); i++)
    await asked.evaluate(pixels, { loss: losses.ce });
});
