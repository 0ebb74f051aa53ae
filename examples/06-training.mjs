// A small adversarial training on pictures made on the spot: red up to a border, green beyond it, and stripes.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { encode } from "fast-png";
import { parseTrainingConfig, runTraining } from "seawall";

const [out, side] = [mkdtempSync("seawall-training-"), 64];
for (const part of ["images", "labels"]) mkdirSync(`${out}/${part}`);
const png = (data) => encode({ width: side, height: side, channels: data.length / side ** 2, data });
for (let i = 0; i < 12; i++) {
  const labels = Uint8Array.from({ length: side ** 2 }, (_, at) => (at % side > 16 + 3 * i ? 1 : 0));
  const light = (_, at) => 90 + ((at * (i + 7)) % 31) + 60 * (labels[Math.floor(at / 3)] === at % 3);
  writeFileSync(`${out}/labels/${i}.png`, png(labels));
  writeFileSync(`${out}/images/${i}.png`, png(Uint8Array.from({ length: 3 * side ** 2 }, light)));
}
const data = { data: `folder:${out}/images,${out}/labels`, classes: 2, crop: [32, 32], holdOut: 4 };
const how = { attackSteps: 2, batchSize: 4, epochs: 12, warmupEpochs: 1, learningRate: 3e-3, clip: 1 };
const config = { architecture: "upernet-convnext-micro-cvst", ...data, ...how, out: `${out}/run` };
const onEpoch = ({ validation }) => console.log(validation.robust.aAcc.toFixed(3));
await runTraining(parseTrainingConfig(config), { onEpoch });
