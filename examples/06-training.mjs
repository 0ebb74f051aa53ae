// A small adversarial training on pictures made on the spot: red up to a border, green beyond it, and stripes.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { encode } from "fast-png";
import { parseTrainingConfig, runTraining } from "seawall";

const [out, side] = ["seawall-training", 64];
rmSync(out, { recursive: true, force: true });
for (const part of ["images", "labels"]) mkdirSync(`${out}/${part}`, { recursive: true });
const png = (data) => encode({ width: side, height: side, channels: data.length / side ** 2, data });
for (let i = 0; i < 12; i++) {
  const labels = Uint8Array.from({ length: side ** 2 }, (_, at) => (at % side > 16 + 3 * i ? 1 : 0));
  const light = (_, at) => 90 + ((at * (i + 7)) % 31) + 60 * (labels[Math.floor(at / 3)] === at % 3);
  writeFileSync(`${out}/labels/${i}.png`, png(labels));
  writeFileSync(`${out}/images/${i}.png`, png(Uint8Array.from({ length: 3 * side ** 2 }, light)));
}
const data = { data: `folder:${out}/images,${out}/labels`, classes: 2, crop: [32, 32], holdOut: 4 };
const rate = { epochs: 12, warmupEpochs: 1, learningRate: 3e-3, clip: 1 };
const how = { architecture: "upernet-convnext-micro-cvst", attackSteps: 2, batchSize: 4, ...rate };
const onEpoch = ({ validation: { robust } }) => console.log(robust.aAcc.toFixed(3));
await runTraining(parseTrainingConfig({ ...data, ...how, out: `${out}/run` }), { onEpoch });
