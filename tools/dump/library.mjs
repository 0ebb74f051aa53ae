/**
 * Runs library functions that the command line does not use: attacks in the ℓ2 ball, and the loss that is only tracked.
 * `node library.mjs PROGRAM MODEL` writes library.json: for each attack the step, the counts and the SHA-256 of the
 * perturbed image.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [program, file] = process.argv.slice(2);
const seawall = await import(pathToFileURL(join(program, "index.js")).href);
const { apgd, noise, openData, openModel, pgd, randomStream, readModelFile, square } = seawall;

/** Losses were names before they were values. */
const probe = seawall.parseAttacks("apgd:mask-ce")[0];
const loss = (name) => (typeof probe.losses[0] === "string" ? name : seawall.losses[name]);

const { graph } = await readModelFile(file);
const model = await openModel(graph, {}, { threads: 1 });
const oracle = model.oracle({ losses: ["mask-ce", "ce", "spherical", "mask-spherical"].map(loss) });
const data = await openData("folder:../material/tiny/images,../material/tiny/labels", {
  classes: 4,
  ignoreLabel: 255,
});
const { image, labels } = await data.read(0);
const subject = oracle.image(image.data, labels);

const attacks = {
  "apgd:mask-ce": apgd(loss("mask-ce")),
  "apgd:mask-spherical": apgd(loss("mask-spherical")),
  "pgd:ce": pgd(loss("ce")),
  square,
  noise,
};
const found = {};
for (const norm of ["linf", "l2"]) {
  for (const [name, attack] of Object.entries(attacks)) {
    const settings = { radius: norm === "l2" ? 0.5 : 4 / 255, steps: 4, norm, accounting: "strict" };
    found[`${name} ${norm}`] = await outcome(attack, settings);
  }
}
const { objective, tracked, correct, score, gradient } = await subject.evaluate(image.data, {
  loss: loss("spherical"),
});
found.spherical = { objective, tracked, correct, score, gradient: digest(gradient) };
writeFileSync("library.json", JSON.stringify(found));
await oracle.dispose();

/** Runs an attack. If it refuses the norm, its message is compared instead. */
async function outcome(attack, settings) {
  try {
    const { point, step } = await attack.run(subject, settings, randomStream(7));
    const { correct } = await subject.predict(point, loss("mask-ce"));
    return { step, correct, point: digest(point) };
  } catch (error) {
    return { refused: error.code ?? error.message };
  }
}

function digest(values) {
  return createHash("sha256")
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest("hex");
}
