// Attacks one image: which share of the model's clean prediction survives APGD at 0.25/255?
import { apgd, losses, openData, openModel, randomStream, readModelFile } from "seawall";

const { graph } = await readModelFile("demo/model.onnx");
const model = await openModel(graph);
const oracle = model.oracle({ losses: [losses["mask-ce"]] });
const photos = await openData("folder:demo/images", { labels: "self" });
const { id, image, height, width } = await photos.read(0);

// There are no labels, so the clean prediction takes their place; -1 marks pixels that count nowhere.
const unlabelled = oracle.image(image.data, new Int32Array(height * width).fill(-1));
const { classes } = await unlabelled.predict(image.data);
const subject = oracle.image(image.data, classes);

const settings = { radius: 0.25 / 255, steps: 10, norm: "linf", accounting: "strict" };
const { point, step } = await apgd(losses["mask-ce"]).run(subject, settings, randomStream(0));
const { correct } = await subject.predict(point);
console.log(`${id}: ${correct / classes.length} of the prediction is left, by the point after step ${step}`);
