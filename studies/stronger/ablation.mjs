/**
 * What does each part of `surge` give? Runs it without one part after the other, and prints a table.
 *
 *     node studies/stronger/ablation.mjs --models DIR --data DIR --out DIR [--bed NAME]… [--steps N] [--seeds N] [--limit N]
 *
 * It can be stopped and called again. The table goes to docs/studies/stronger.md, between its marks.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bedsOf } from "./beds.mjs";
import { figuresOf } from "./figures.mjs";
import { ablationTable, print } from "./page.mjs";
import { storedRun } from "./runs.mjs";
import { variants } from "./variants.mjs";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: "models" },
    data: { type: "string", default: "data" },
    out: { type: "string", default: "runs/stronger" },
    bed: { type: "string", multiple: true, default: ["robust", "espnet"] },
    steps: { type: "string", default: "60" },
    seeds: { type: "string", default: "1" },
    limit: { type: "string", default: "8" },
  },
});
const plugin = fileURLToPath(new URL("variants.mjs", import.meta.url));

const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
const steps = Number(values.steps);
const beds = bedsOf(values.models, values.data).filter(({ name }) => values.bed.includes(name));

const rows = [];
for (const bed of beds) {
  const eps = bed.eps.split(",").at(-1);
  const made = Object.fromEntries(Object.keys(variants).map((variant) => [variant, []]));
  for (const seed of seeds) {
    for (const variant of Object.keys(variants)) {
      const out = join(values.out, `${bed.name}-${variant}-${steps}-${seed}`);
      const settings = { eps, attacks: `ablation:${variant}`, plugin: [plugin], limit: Number(values.limit) };
      made[variant].push(await storedRun(bed, { ...settings, steps, seed, out }));
    }
  }
  for (const [variant, { taken }] of Object.entries(variants)) {
    rows.push({ bed: bed.name, eps, taken, figures: figuresOf(made[variant], made.whole, eps) });
  }
}
print("ablation", ablationTable(rows));
