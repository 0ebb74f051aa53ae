/**
 * Is `surge` stronger than SEA? Runs each ensemble on each bed with several seeds, and writes tables and curves.
 *
 *     node studies/stronger/main.mjs --models DIR --data DIR --out DIR [--bed NAME]… [--steps N] [--seeds N]
 *
 * It can be stopped and called again; runs that are complete are read. Tables go to docs/studies/stronger.md, between its
 * marks; curves to docs/studies/stronger.png.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseRadius } from "../../dist/index.js";
import { bedsOf } from "./beds.mjs";
import { curveOf } from "./curves.mjs";
import { figuresOf } from "./figures.mjs";
import { pictureOf, print, tableOf } from "./page.mjs";
import { makeRuns, studied, tracedSeed } from "./runs.mjs";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: "models" },
    data: { type: "string", default: "data" },
    out: { type: "string", default: "runs/stronger" },
    bed: { type: "string", multiple: true },
    steps: { type: "string", default: "60" },
    seeds: { type: "string", default: "3" },
  },
});
const steps = Number(values.steps);
const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
const beds = bedsOf(values.models, values.data).filter(({ name }) => values.bed?.includes(name) ?? true);

// Seed by seed, so that a study that is stopped has whole seeds.
const made = new Map(beds.map((bed) => [bed, []]));
for (const seed of seeds) {
  for (const bed of beds) made.get(bed).push(await makeRuns(values.out, { bed, steps, seed }));
}

const parts = beds.flatMap((bed) =>
  bed.eps.split(",").flatMap((eps) => Object.keys(studied).map((ensemble) => ({ bed, eps, ensemble }))),
);
const rows = parts.map(({ bed, eps, ensemble }) => {
  const [own, reference] = [ensemble, "sea-2023"].map((name) => made.get(bed).map((runs) => runs[name]));
  return { bed: bed.name, eps, ensemble, figures: figuresOf(own, reference, eps) };
});
const curves = parts.map(({ bed, eps, ensemble }) => {
  const at = { eps, radius: parseRadius(eps).value };
  return {
    bed: bed.name,
    eps,
    ensemble,
    curve: curveOf(made.get(bed)[tracedSeed][ensemble], at),
  };
});

print("table", tableOf(rows));
writeFileSync(new URL("../../docs/studies/stronger.png", import.meta.url), await pictureOf(curves));
