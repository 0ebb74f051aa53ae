/** A made-up run folder of any size, complete with pictures and traces: what reports are tried and measured on. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseRadius, randomStream, sha256 } from "../dist/base/index.js";
import { describeRun, inShard, runFiles, slotOf, summarize } from "../dist/journal/index.js";
import { openRun, writeResult } from "../dist/journal/index.node.js";
import { linesOf } from "../dist/journal/lines/seal.js";
import { countDetails, countPixels } from "../dist/metric/index.js";
import { galleryAt, galleryGroups, imagesOf } from "../dist/report/images.js";
import { openKeeper } from "../dist/report/index.node.js";

const [height, width] = [72, 96];
const names = "sky building pole road pavement tree sign fence car pedestrian bicyclist".split(" ");

/** Writes a run into a new folder; equal options give equal files. */
export async function makeRun(dir, options = {}) {
  const {
    images = 12,
    attacks = ["apgd:mask-ce", "apgd:balanced-ce", "apgd:js", "apgd:mask-spherical"],
    seeds = 1,
    eps = ["0.5/255", "1/255", "2/255"],
    classNames = names,
    imageName = (index) => `street_${String(index).padStart(4, "0")}`,
    modelFile = "made-up.onnx",
    dataSpec = "folder:images,labels",
    soundness = checks,
    traces = 1,
    variety = 24,
    shard,
  } = options;
  const entries = Array.from({ length: seeds }, (_, seed) =>
    attacks.map((name) => ({
      ...{ name: seed === 0 ? name : `${name}#${seed + 1}`, steps: 30, radiusSchedule: "reduce" },
      ...(seed > 0 && { seed }),
    })),
  ).flat();
  const members = entries.map(({ name }) => name);
  const run = describeRun({
    protocol: {
      ...{ attacks: attacks.join(","), members: entries, eps },
      ...{ accounting: "strict", seed: 0 },
    },
    model: {
      file: modelFile,
      sha256: sha256("model"),
      classes: classNames.length,
      input: [1, 3, height, width],
      classNames,
    },
    data: { spec: dataSpec, images, listSha256: sha256("list"), settings: { labels: "truth" } },
    ...(shard && { shard }),
    versions: { seawall: "0.1.0" },
    engine: { device: "cpu", parallel: 2 },
    config: { eps: eps.join(","), attacks: attacks.join(","), steps: 30 },
    soundness,
  });
  const slots = [["0", "clean"], ...eps.flatMap((radius) => members.map((attack) => [radius, attack]))];
  const made = new Map();
  const outcomeOf = (index, [radius, attack]) => {
    const key = `${index % variety} ${radius} ${attack}`;
    const known = made.get(key) ?? outcome(run, index % variety, radius, attack);
    made.set(key, known);
    const names = { image: imageName(index), index, hash: sha256(`image ${index}`) };
    return { ...known, record: { ...names, ...known.record } };
  };
  const records = [];
  const own = [...Array(images).keys()].filter((index) => inShard(index, shard));
  for (const index of own) for (const slot of slots) records.push(outcomeOf(index, slot).record);

  const open = await openRun(dir, run);
  await keepPictures(dir, run, records, (index, slot) => outcomeOf(index, slots[slot]));
  for (const index of own.slice(0, traces)) {
    for (const slot of slots.slice(1)) {
      const traced = outcomeOf(index, slot);
      await openKeeper(dir).add({ ...traced, trace: traceOf(run, traced) });
    }
  }
  open.close();
  writeFileSync(join(dir, runFiles.journal), linesOf(run.identity, records).join(""));
  writeResult(dir, summarize(run, records));
}

const checks = [
  {
    check: "gradient",
    status: "pass",
    detail: "its slope differs from finite differences by 0.4 % at most, along 4 directions",
  },
  {
    check: "engine",
    status: "warn",
    detail: "this run is made up: no engine computed it",
    means: "its figures say nothing of any model",
    remedy: "look at the page, not at the figures",
  },
  { check: "black-box", status: "skip", detail: "no attack without gradients ran beside those with them" },
];

/** Only the pictures that a report shows, since pictures of all images would take longer than the measurement. */
async function keepPictures(dir, run, records, outcomeAt) {
  const images = imagesOf(run, records);
  const keeper = openKeeper(dir);
  const clean = new Set();
  for (const radius of run.protocol.eps) {
    const gallery = galleryAt(run, images, radius);
    for (const record of galleryGroups.flatMap((group) => gallery[group])) {
      if (!clean.has(record.index)) await keeper.add(outcomeAt(record.index, 0));
      clean.add(record.index);
      await keeper.add(outcomeAt(record.index, slotOf(run, record)));
    }
  }
}

/** Labels: bands of sky, houses and road, with objects in front. */
function labelsOf(index, classes) {
  const random = randomStream("made labels", index);
  const labels = Int32Array.from({ length: height * width }, (_, i) => {
    const row = Math.floor(i / width) / height;
    return [0, 1, 5, 3, 4].map((label) => label % classes)[
      row < 0.3 ? 0 : row < 0.5 ? 1 : row < 0.6 ? 2 : row < 0.9 ? 3 : 4
    ];
  });
  for (let thing = 0; thing < 6; thing++) {
    const draw = (below) => Math.floor(random.next() * below);
    const [label, top, left] = [2 + draw(9), 20 + draw(35), draw(width - 10)];
    const [rows, columns] = [4 + draw(16), 3 + draw(20)];
    for (let row = top; row < Math.min(height, top + rows); row++)
      labels.fill(label % classes, row * width + left, row * width + Math.min(width, left + columns));
  }
  labels.fill(-1, 0, width);
  return labels;
}

/** A prediction: the labels with squares of wrong classes, more of them for larger radii and harder images. */
function predictionOf(labels, classes, index, radius, attack) {
  const random = randomStream("made prediction", index, radius, attack);
  const hard = 0.5 + randomStream("made hardness", index).next();
  const share = Math.min(
    0.97,
    0.04 + hard * (radius === "0" ? 0 : 60 * parseRadius(radius).value + 0.1 * random.next()),
  );
  const side = 6;
  const columns = Math.ceil(width / side);
  const wrong = Array.from({ length: columns * Math.ceil(height / side) }, () =>
    random.next() < share ? 1 + Math.floor(random.next() * 3) : 0,
  );
  return labels.map((label, i) => {
    const square = Math.floor(Math.floor(i / width) / side) * columns + Math.floor((i % width) / side);
    return (Math.max(label, 0) + wrong[square]) % classes;
  });
}

function outcome(run, index, radius, attack) {
  const { classes } = run.model;
  const labels = labelsOf(index, classes);
  const prediction = predictionOf(labels, classes, index, radius, attack);
  const counts = countPixels(prediction, labels, classes);
  const clean = attack === "clean";
  const pixels = Float32Array.from({ length: 3 * labels.length }, (_, i) => {
    const pixel = i % labels.length;
    return 0.25 + 0.06 * Math.max(0, labels[pixel]) + 0.1 * Math.sin(pixel / 7 + i / labels.length);
  });
  const noise = randomStream("made noise", index, radius, attack);
  const bound = parseRadius(radius).value;
  return {
    record: {
      ...{ eps: radius, attack },
      ...{ accuracy: counts.correct / counts.valid, pixels: labels.length, ...counts },
      ...(clean ? { forward: 1, backward: 0, seconds: 0.05 } : { forward: 34, backward: 30, seconds: 3.5 }),
      ...{ step: clean ? 0 : 30, maxDelta: bound },
      details: countDetails(prediction, labels, { height, width }),
    },
    sample: { height, width, image: { data: pixels } },
    point: pixels.map((value) => value + (noise.next() < 0.5 ? -bound : bound)),
    classes: prediction,
    labels,
  };
}

/** A trace: radii 2ε, 1.5ε and ε, a rising loss, and a step size that halves. */
function traceOf(run, { record, labels }) {
  const { index, eps, attack } = record;
  const stages = [2, 1.5, 1].flatMap((factor, stage) =>
    Array.from({ length: stage < 2 ? 10 : 13 }, (_, i) => [factor, i]),
  );
  const radius = parseRadius(eps).value;
  const passes = stages.map(([factor, i], pass) => ({
    step: Math.max(0, pass - (factor < 2 ? 1 : 0) - (factor < 1.5 ? 1 : 0)),
    radius: factor * radius,
    stepSize: i === 0 ? null : (2 * factor * radius) / 2 ** Math.floor(i / 4),
    objective: factor * (1 - Math.exp(-i / 3)) + 0.2,
    tracked: factor * (1 - Math.exp(-i / 2)) + 0.3,
    correct: Math.round(record.correct + (record.valid - record.correct) * Math.exp(-pass / 8)),
  }));
  const maps = [0, 6, 12, 18, 24, 30].map((pass) => ({
    pass,
    classes: predictionOf(
      labels,
      run.model.classes,
      index,
      pass === 0 ? "0" : eps,
      pass < 12 ? `${attack} early` : attack,
    ),
  }));
  return { passes, maps };
}
