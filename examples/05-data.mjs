// Data of your own: whatever has ids and samples will do. Here two images are made on the spot.
import * as seawall from "seawall";

const bytes = (f) => Uint8Array.from({ length: 3 * 256 * 256 }, (_, i) => f(i));
const images = { ramp: bytes((i) => (i / 3) & 255), stripes: bytes((i) => ((i / 96) & 1) * 255) };
const ids = Object.keys(images);
const raster = (id) => ({ height: 256, width: 256, channels: 3, data: images[id] });
const samples = async function* (positions = ids.keys()) {
  for (const i of positions) yield seawall.makeSample(ids[i], i, raster(ids[i]));
};
const model = await seawall.openModel((await seawall.readModelFile("demo/model.onnx")).graph);
const oracle = model.oracle({ losses: [seawall.losses.ce] });
const attacks = seawall.parseMembers("apgd:ce,noise", { steps: 5 });
const how = { settings: { norm: "linf", accounting: "strict" }, seed: 0, labels: "self" };
const run = { oracle: async () => oracle, attacks, radii: [seawall.parseRadius("0.5/255")], ...how };
const workers = [seawall.localWorker(run, () => oracle.dispose())];
const journal = { has: () => false, append: async (r) => console.log(r.image, r.attack, r.eps, r.accuracy) };
const names = { attacks: ["apgd:ce", "noise"], radii: ["0.5/255"] };
await seawall.evaluate({ data: { ids, samples }, journal, workers, ...names });
