/**
 * Does a robust backbone save epochs of adversarial training? Trains small networks on made-up images, from clean and from
 * robust backbones, attacks them, and prints tables and a picture.
 *
 *     node studies/training/main.mjs --study pir-at|architectures|widths --out DIR [--seeds N] [--jobs N]
 *
 * It can be stopped and called again; what is trained and evaluated is read. It prints to docs/studies/training.md after each
 * seed from the second on, and draws its picture.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { printTable } from "../pages.mjs";
import { comparisons, ratios, stepGains } from "./figures.mjs";
import { comparisonTable, pictureOf, ratioTable, stepTable } from "./page.mjs";
import { seawallProcesses } from "./seawall.mjs";
import { cellsOf, inOrder, studies } from "./studies.mjs";
import { Trainings } from "./trainings.mjs";

const { values } = parseArgs({
  options: {
    study: { type: "string", default: "pir-at" },
    out: { type: "string", default: "runs/training" },
    seeds: { type: "string", default: "3" },
    jobs: { type: "string", default: "2" },
  },
});
const study = studies[values.study];
if (!study)
  throw new Error(`--study ${values.study}: there is none; give ${Object.keys(studies).join(", ")}`);
const trainings = new Trainings(values.out, seawallProcesses(Number(values.jobs)));

const results = [];
for (let seed = 0; seed < Number(values.seeds); seed++) {
  results.push(...(await Promise.all(cellsOf(study, seed).map(resultOf))));
  if (seed > 0) await printStudy();
}

async function resultOf(cell) {
  const figures = await trainings.figures(cell);
  const percent = ["aAcc", "mIoU"].map((name) => `${name} ${(100 * figures[name]).toFixed(1)}`).join(", ");
  process.stderr.write(`${Object.values(cell).join(" ")}: ${percent}\n`);
  return { ...cell, figures };
}

async function printStudy() {
  const docs = (name) => new URL(`../../docs/studies/${name}`, import.meta.url);
  const ordered = inOrder(study, results);
  printTable(docs("training.md"), values.study, comparisonTable(comparisons(ordered)));
  printTable(docs("training.md"), `${values.study}-ratios`, ratioTable(ratios(ordered)));
  if (Object.keys(study.epochs).length > 1) {
    printTable(docs("training.md"), `${values.study}-steps`, stepTable(stepGains(ordered)));
  }
  writeFileSync(docs(study.picture), await pictureOf(ordered));
}
