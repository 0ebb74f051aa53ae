// A loss of your own: Seawall writes the model's gradient, you bring that of the loss at the logits.
import { exportGradient, float32, openData, openSession, readModelFile } from "seawall";

const { graph } = await readModelFile("demo/model.onnx"); // its input is "image", its output "logits"
const { image } = await (await openData("folder:demo/images", { labels: "self" })).read(0);
const inputShape = [1, ...image.dims];
const forward = await openSession(graph);
const backward = await openSession((await exportGradient(graph, { loss: "none", inputShape })).graph);

// The loss: minus half the sum of squares of the logits; to raise it is to make the model unsure.
let x = image.data;
for (let step = 0; step < 5; step++) {
  const { logits } = await forward.run({ image: float32(inputShape, x) });
  console.log(`loss after ${step} steps: ${logits.data.reduce((sum, u) => sum - (u * u) / 2, 0)}`);
  const slope = { ...logits, data: logits.data.map((u) => -u) };
  const { grad } = await backward.run({ image: float32(inputShape, x), output_grad: slope });
  x = x.map((value, i) => Math.min(1, Math.max(0, value + Math.sign(grad.data[i]) / 1020)));
}
