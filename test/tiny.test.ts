/** The whole product on a two-layer model, in a second: run this first when something is wrong. */
import { expect, it } from "vitest";
import { parseAttacks } from "../src/attack/index.js";
import { parseRadius, randomStream } from "../src/base/index.js";
import { classWeights, makeSample } from "../src/data/index.js";
import { evaluate, localWorker } from "../src/evaluate/index.js";
import { checkGates, describeRun, memoryJournal, summarize } from "../src/journal/index.js";
import { losses } from "../src/loss/index.js";
import { readModel, writeModel } from "../src/onnx/index.js";
import { exportGradient, openModel } from "../src/oracle/index.js";
import { resultLines } from "../src/report/index.js";
import { tinyModel } from "./helpers/models.js";

const [height, width, classes] = [12, 16, 4];
const bytes = writeModel(tinyModel());

/** Bytes of noise, and the model's own prediction with every ninth pixel changed and every tenth void. */
async function samples(count: number) {
  const model = await openModel(readModel(bytes), { size: { height, width } });
  const oracle = model.oracle({ losses: [losses.ce] });
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const data = Uint8Array.from(randomStream("tiny", i).uniform(3 * height * width, 0, 256));
      const blank = makeSample(`photo${i}`, i, { height, width, channels: 3, data });
      const seen = await oracle
        .image(blank.image.data, new Int32Array(height * width))
        .predict(blank.image.data);
      const labels = Int32Array.from(seen.classes, (label, p) =>
        p % 10 === 0 ? -1 : p % 9 === 0 ? (label + 1) % classes : label,
      );
      return { ...blank, labels };
    }),
  );
}

it("goes from bytes to a worst case", async () => {
  const images = await samples(3);
  const model = await openModel(readModel(bytes), { size: { height, width }, classes });
  const attacks = parseAttacks("sea-2023,sea-2024,pgd:ce,segpgd,cospgd,noise");
  const radii = ["0", "2/255", "8/255"].map((text) => parseRadius(text));
  const losses = [...new Set(attacks.flatMap((attack) => attack.losses))];
  const oracle = model.oracle({ losses, classWeights: classWeights([9, 5, 3, 1]) });
  const settings = { norm: "linf", accounting: "strict" } as const;
  const worker = localWorker(
    {
      oracle: async () => oracle,
      attacks: attacks.map((attack) => ({ attack, steps: 12 })),
      radii,
      settings,
      seed: 0,
      labels: "truth",
    },
    () => oracle.dispose(),
  );

  const names = attacks.map((attack) => attack.name);
  const members = names.map((name) => ({ name, steps: 12, radiusSchedule: "reduce" as const }));
  const description = describeRun({
    protocol: {
      ...{ attacks: "all", members, eps: radii.map((radius) => radius.text) },
      ...{ accounting: "strict", seed: 0 },
    },
    model: { file: "tiny.onnx", sha256: "0".repeat(64), classes, input: ["n", 3, "h", "w"] },
    data: { spec: "tiny", images: images.length, listSha256: "0".repeat(64), settings: { labels: "truth" } },
    versions: {},
    engine: {},
    config: {},
  });
  const journal = memoryJournal(description);
  const data = {
    ids: images.map(({ id }) => id),
    async *samples(positions: Iterable<number> = images.keys()) {
      for (const i of positions) yield images[i]!;
    },
  };
  await evaluate({ data, journal, workers: [worker], attacks: names, radii: description.protocol.eps });
  await worker.dispose();
  const result = summarize(description, await journal.records());

  expect(result.clean.aAcc).toBeGreaterThan(0.85);
  const [none, small, large] = result.robust.map(({ worst }) => worst);
  expect(none!.aAcc).toBe(result.clean.aAcc);
  expect(small!.aAcc).toBeLessThan(result.clean.aAcc);
  expect(large!.aAcc).toBeLessThan(small!.aAcc);
  for (const { worst, attacks: each } of result.robust) {
    for (const figures of each) {
      expect(worst.aAcc).toBeLessThanOrEqual(figures.aAcc);
      expect(worst.mIoU).toBeLessThanOrEqual(figures.mIoU);
    }
    expect(worst.mIoULower).toBeLessThanOrEqual(worst.mIoU);
  }
  const noise = (eps: number) => result.robust[eps]!.attacks.find(({ name }) => name === "noise")!;
  expect(large!.aAcc).toBeLessThan(noise(2).aAcc);
  expect(
    checkGates(result, ["worst.aAcc@8/255<=0.9", "clean.mIoU>=0.99"]).map(({ passed }) => passed),
  ).toEqual([true, false]);
  expect(resultLines(result).join("\n")).toContain("worst case");
});

it("exports a gradient that any runtime can run", async () => {
  const { check } = await exportGradient(readModel(bytes), { loss: "ce", inputShape: [1, 3, height, width] });
  expect(check!.error).toBeLessThan(0.02);
});
