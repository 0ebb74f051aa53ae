// SEA on a folder of images: the worst case over an ensemble of attacks.
// node examples/03-sea.mjs [RUN]
import { resultLines, runEvaluation } from "seawall";

const [out] = process.argv.slice(2);
const result = await runEvaluation(
  {
    model: "demo/model.onnx",
    data: "folder:demo/images",
    labels: "self", // no ground truth: the clean prediction is the reference
    classes: "demo/classes.txt",
    eps: "0.25/255",
    attacks: "sea-2023",
    steps: 4, // 300 in a real run
    ...(out && { out }),
  },
  { onAttack: ({ attack, worst }) => console.log(`${attack}: worst mIoU so far ${worst.mIoU}`) },
);
for (const line of resultLines(result)) console.log(line);
