/** Whole trainings: what is written, what resuming gives, and what happens when something breaks. */
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { extractWeights } from "../../src/nn/index.js";
import { readModelFile } from "../../src/onnx/index.node.js";
import type { TrainingConfig, TrainingInput } from "../../src/train/index.js";
import {
  rehearseTraining,
  runTraining,
  type TrainingExample,
  trainingFiles,
} from "../../src/train/index.node.js";
import { TrainingNetwork } from "../../src/train/loop/network.js";
import { readWeightsFile, writeSafetensorsFile } from "../../src/weights/index.node.js";
import { folderWith, greyPng, rgbPng } from "../data/pixels.js";
import { logOf, smallData, smallTraining } from "./small.js";

const bytes = (config: TrainingConfig, file: string) => readFileSync(join(config.out, file));
const folder = async () => join(await folderWith({ "kept.txt": "" }), "out");

/** Ends a training after so many updates. */
async function interrupt(config: TrainingConfig, updates: number): Promise<void> {
  const controller = new AbortController();
  const onStep = ({ step }: { step: number }) => {
    if (step === updates) controller.abort(new Error("enough"));
  };
  await expect(runTraining(config, { signal: controller.signal, onStep })).rejects.toThrow("enough");
}

describe("a training", () => {
  let data: string;
  let whole: TrainingConfig;
  const examples: TrainingExample[] = [];
  beforeAll(async () => {
    data = (await smallData()).data;
    whole = smallTraining(data, await folder());
    await runTraining(whole, { onExample: async (example) => void examples.push(example) });
  });

  it("leaves weights, curves and a model that has the weights of the best checkpoint", async () => {
    const files = await readdir(whole.out);
    expect(files.filter((name) => !name.startsWith("events."))).toEqual(
      [...Object.values(trainingFiles), "log.jsonl"].sort(),
    );
    const { graph } = await readModelFile(join(whole.out, trainingFiles.model));
    const { tensors } = await readWeightsFile(join(whole.out, trainingFiles.bestRobust));
    const { weights, record } = extractWeights(graph);
    expect(record.architecture).toBe("upernet-convnext-micro-cvst");
    for (const [name, { data: values }] of weights) expect(values, name).toEqual(tensors.get(name)!.data);
  });

  it("logs every update and every validation", async () => {
    const log = (await logOf(whole.out)) as { kind: string; step: number; loss?: number }[];
    expect(log.map(({ kind, step }) => `${kind} ${step}`)).toEqual([
      ...["step 1", "step 2", "validation 2", "step 3", "step 4", "validation 4"],
    ]);
    expect(log.every(({ kind, loss }) => kind !== "step" || Number.isFinite(loss))).toBe(true);
  });

  it("hands out held-out images at each validation, before and after the attack", () => {
    expect(examples.map(({ index }) => index)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    const [first, , , , later] = examples;
    expect(later!.image).toEqual(first!.image);
    expect(later!.attacked).not.toEqual(first!.attacked);
    for (const { height, width, image, attacked, labels, prediction, attackedPrediction } of examples) {
      expect([height, width, image.length]).toEqual([32, 32, 3 * 32 * 32]);
      const distance = Math.max(...attacked.map((value, i) => Math.abs(value - image[i]!)));
      expect(distance).toBeGreaterThan(0.9 * (4 / 255));
      expect(distance).toBeLessThan(4 / 255 + 1e-6);
      for (const map of [labels, prediction, attackedPrediction])
        expect(new Set(Array.from(map, (label) => label === 0 || label === 1))).toEqual(new Set([true]));
      // Left of the border class 0, right of it class 1.
      expect([labels[0], labels[31]]).toEqual([0, 1]);
    }
  });

  it.each([
    ["amid the second epoch", 3],
    ["before the first checkpoint", 1],
  ] as const)("interrupted %s and resumed ends the same, bit for bit", async (_, updates) => {
    const config = smallTraining(data, await folder());
    await interrupt(config, updates);
    const outcome = await runTraining({ ...config, resume: true });
    expect(outcome.steps).toBe(4);
    for (const file of [trainingFiles.last, trainingFiles.bestRobust, trainingFiles.model]) {
      expect(bytes(config, file).equals(bytes(whole, file)), file).toBe(true);
    }
    expect(await logOf(config.out)).toEqual(await logOf(whole.out));
  });

  it("resumes with averages, momentum, accumulation, mixed batches and random starts", async () => {
    const more: Partial<TrainingInput> = {
      ...{ ema: 0.9, optimizer: "sgd", nesterov: true, accumulate: 2, batchSize: 2, cleanShare: 0.5 },
      ...{ randomStart: true, attackGradients: "accumulate", clip: 1, rates: { backbone: 0.1 } },
    };
    const alone = smallTraining(data, await folder(), more);
    await runTraining(alone);
    const stopped = smallTraining(data, await folder(), more);
    await interrupt(stopped, 3);
    await runTraining({ ...stopped, resume: true });
    expect(bytes(stopped, trainingFiles.last).equals(bytes(alone, trainingFiles.last))).toBe(true);
  });

  it("resumes replays with the perturbation that they carry, after a whole number of passes", async () => {
    const more = { replay: 2, epochs: 4, batchSize: 2, accumulate: 2, validateEvery: 3 };
    const alone = smallTraining(data, await folder(), more);
    await runTraining(alone);
    const stopped = smallTraining(data, await folder(), more);
    await interrupt(stopped, 7);
    await runTraining({ ...stopped, resume: true });
    const last = (config: TrainingConfig) => bytes(config, trainingFiles.last);
    expect(last(stopped).equals(last(alone))).toBe(true);
    // Two updates an epoch, and two epochs a pass; every third epoch lies in the second pass.
    const log = (await logOf(alone.out)) as { kind: string; step: number; epoch: number }[];
    expect(log.at(-1)).toMatchObject({ kind: "validation", step: 8, epoch: 4 });
    expect(log).toHaveLength(9);
    const { tensors } = await readWeightsFile(join(alone.out, trainingFiles.last));
    const { dims, data: carried } = tensors.get("training.perturbation")!;
    expect(dims).toEqual([4, 3, 32, 32]);
    expect(Math.max(...(carried as Float32Array))).toBeCloseTo(4 / 255, 6);
  });

  it("begins from another's weights, and from a backbone", async () => {
    const notices: string[] = [];
    const init = join(whole.out, trainingFiles.last);
    const config = smallTraining(data, await folder(), { init, epochs: 1 });
    await runTraining(config, { onNotice: (sentence) => notices.push(sentence) });
    expect(notices.join("\n")).toContain("the state of the optimizer");

    const classifier = smallTraining(data, await folder(), {
      architecture: "convnext-micro-cvst",
      epochs: 1,
    });
    const onExample = async () => expect.unreachable("a classifier predicts no map");
    await runTraining(classifier, { onExample });
    const own = { init: join(classifier.out, trainingFiles.last), epochs: 1 };
    const begun: string[] = [];
    await runTraining(smallTraining(data, await folder(), own), { onNotice: (s) => begun.push(s) });
    expect(begun.join("\n")).toMatch(/NOT IN THE CHECKPOINT.*decode_head/);
  });

  it("takes the training split of Cityscapes, and holds its last images out", async () => {
    const files: Record<string, Uint8Array> = {};
    for (const [split, frames] of [
      ["train", 8],
      ["val", 2],
    ] as const)
      for (let i = 0; i < frames; i++) {
        const name = `ulm_${i}_000019`;
        // Road, car and an id that counts nowhere.
        const ids = Uint8Array.from({ length: 64 ** 2 }, (_, at) => [7, 26, 0][at % 3]!);
        files[`leftImg8bit/${split}/ulm/${name}_leftImg8bit.png`] = rgbPng(64, 64);
        files[`gtFine/${split}/ulm/${name}_gtFine_labelIds.png`] = greyPng(64, 64, ids);
      }
    const root = await folderWith(files);
    const more = { classes: undefined, holdOut: 4, epochs: 1 };
    const config = smallTraining(`cityscapes:${root}`, await folder(), more);
    const names: (string | undefined)[] = [];
    const outcome = await runTraining(config, {
      onPlan: ({ training, heldOut, classes }) => {
        names.push(training.settings.split, String(classes), ...training.ids, ...heldOut!.ids);
      },
    });
    expect(names).toEqual(["train", "19", ...Array.from({ length: 8 }, (_, i) => `ulm_${i}_000019`)]);
    expect(outcome.steps).toBe(1);
    expect(outcome.validation!.clean.aAcc).toBeGreaterThanOrEqual(0);
  });

  it("is refused in a folder that holds another, or the same without --resume", async () => {
    const attempt = (more: Partial<TrainingConfig>) => runTraining({ ...whole, ...more });
    await expect(attempt({})).rejects.toThrow("continue it with --resume");
    await expect(attempt({ resume: true, learningRate: 1 })).rejects.toThrow(
      "learningRate: 0.002 stored, 1 now",
    );
  });

  it("can be rehearsed without writing anything", async () => {
    const out = await folder();
    const { figures } = await rehearseTraining(smallTraining(data, out, { epochs: 7 }));
    expect(figures.updates).toBe(14);
    expect(figures.seconds).toBeCloseTo(14 * figures.secondsPerUpdate);
    await expect(readdir(out)).rejects.toThrow("ENOENT");
  });

  it("is rehearsed with two of the many batches that an update sums", async () => {
    const gradients = vi.spyOn(TrainingNetwork.prototype, "gradient");
    const { figures } = await rehearseTraining(
      smallTraining(data, await folder(), { batchSize: 2, accumulate: 4 }),
    );
    expect(figures).toMatchObject({ accumulate: 4, batches: 2 });
    expect(gradients.mock.calls.length).toBeGreaterThanOrEqual(2 * 2);
    expect(gradients.mock.calls.length % 2).toBe(0);
    gradients.mockRestore();
  });
});

describe("the best checkpoints and an early end", () => {
  let data: string;
  beforeAll(async () => {
    data = (await smallData()).data;
  });
  const topFiles = (config: TrainingConfig) =>
    readdirSync(config.out).filter((name) => name.startsWith("top-"));

  it("keeps the best few, the same after a kill", async () => {
    const more = { epochs: 4, top: 2, learningRate: 1e-2 };
    const alone = smallTraining(data, await folder(), more);
    const outcome = await runTraining(alone);
    const log = (await logOf(alone.out)) as { kind: string; step: number; robust: { aAcc: number } }[];
    const best = log
      .filter(({ kind }) => kind === "validation")
      .sort((a, b) => b.robust.aAcc - a.robust.aAcc)
      .slice(0, 2)
      .map(({ step, robust }) => `top-${robust.aAcc.toFixed(4)}-update-${step}.safetensors`);
    expect(outcome.top).toEqual(best.map((name) => join(alone.out, name)));
    expect(topFiles(alone)).toEqual([...best].sort());
    expect(bytes(alone, trainingFiles.bestRobust).equals(bytes(alone, best[0]!))).toBe(true);

    const stopped = smallTraining(data, await folder(), more);
    await interrupt(stopped, 5);
    // A process that is killed after it wrote one of the best and before it wrote the last leaves such a file.
    writeFileSync(join(stopped.out, "top-0.9999-update-6.safetensors"), "killed");
    writeFileSync(join(stopped.out, "top-ten.safetensors"), "a file of the user");
    await runTraining({ ...stopped, resume: true });
    expect(topFiles(stopped)).toEqual([...best, "top-ten.safetensors"].sort());
    for (const name of [...best, trainingFiles.last])
      expect(bytes(stopped, name).equals(bytes(alone, name)), name).toBe(true);
  });

  it("ends early when nothing has risen for as long as --patience says, the same after a kill", async () => {
    // Too low a rate to move any prediction.
    const more = { epochs: 9, patience: 2, learningRate: 1e-30, weightDecay: 0 };
    const alone = smallTraining(data, await folder(), more);
    const outcome = await runTraining(alone);
    expect(outcome).toMatchObject({ steps: 6, stoppedEarly: true });
    expect((await logOf(alone.out)).at(-1)).toMatchObject({
      kind: "stopped",
      step: 6,
      epoch: 3,
      validations: 2,
    });

    const stopped = smallTraining(data, await folder(), more);
    await interrupt(stopped, 5);
    expect(await runTraining({ ...stopped, resume: true })).toMatchObject({ steps: 6 });
    expect(bytes(stopped, trainingFiles.last).equals(bytes(alone, trainingFiles.last))).toBe(true);
    expect(await logOf(stopped.out)).toEqual(await logOf(alone.out));

    expect(await runTraining({ ...alone, resume: true })).toMatchObject({ steps: 6, stoppedEarly: true });
    expect(await runTraining({ ...alone, resume: true, patience: 3 })).toMatchObject({ steps: 8 });
  });

  it("continues checkpoints of earlier versions, which know neither", async () => {
    const config = smallTraining(data, await folder());
    await interrupt(config, 3);
    const last = join(config.out, trainingFiles.last);
    const { tensors, metadata } = await readWeightsFile(last);
    const { step, best } = JSON.parse(metadata.get("seawall.training")!) as Record<string, unknown>;
    const older = new Map(metadata).set("seawall.training", JSON.stringify({ step, best }));
    await writeSafetensorsFile(last, tensors, older);
    expect(await runTraining({ ...config, resume: true })).toMatchObject({ steps: 4 });
  });

  it("is refused without held-out images", () => {
    for (const setting of ["patience", "top"])
      expect(() => smallTraining(data, "unused", { holdOut: 0, [setting]: 3 })).toThrow(
        `${setting}: needs held-out images, and --hold-out is 0`,
      );
  });
});

describe("what breaks a training", () => {
  const refusal = async (attempt: Promise<unknown>) => {
    const error = await attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SeawallError);
    return (error as SeawallError).message;
  };

  it("a full disk leaves the last checkpoint whole, and resuming gives the same", async () => {
    const { data } = await smallData();
    const alone = smallTraining(data, await folder());
    await runTraining(alone);
    const config = smallTraining(data, await folder());
    let kept: Buffer | undefined;
    const fill = () => {
      kept ??= bytes(config, trainingFiles.last);
      const beside = join(config.out, `${trainingFiles.last}.${process.pid}.seawall-tmp`);
      rmSync(beside, { force: true });
      symlinkSync("/dev/full", beside);
    };
    const message = await refusal(runTraining(config, { onEpoch: fill }));
    expect(message).toMatch(/ENOSPC.*make room, and run .* with --resume\); .*last\.safetensors is whole/);
    expect(bytes(config, trainingFiles.last).equals(kept!)).toBe(true);
    await runTraining({ ...config, resume: true });
    expect(bytes(config, trainingFiles.last).equals(bytes(alone, trainingFiles.last))).toBe(true);
  });

  it("an image that changes is named, and put back the training goes on as if nothing had been", async () => {
    const { root, data } = await smallData();
    const alone = smallTraining(data, await folder(), { epochs: 3 });
    await runTraining(alone);
    const image = join(root, "images", "p03.png");
    const before = await readFile(image);
    const config = smallTraining(data, await folder(), { epochs: 3 });
    const spoil = () => writeFileSync(image, greyPng(20, 20, new Uint8Array(400)));
    const message = await refusal(runTraining(config, { onEpoch: spoil }));
    expect(message).toContain("p03.png");
    expect(await refusal(runTraining({ ...config, resume: true }))).toContain("have changed");
    writeFileSync(image, before);
    await runTraining({ ...config, resume: true });
    expect(bytes(config, trainingFiles.last).equals(bytes(alone, trainingFiles.last))).toBe(true);
  });

  it("a loss that diverges stops it and names the checkpoint before", async () => {
    const { data } = await smallData();
    const config = smallTraining(data, await folder(), { epochs: 40, learningRate: 1e4, optimizer: "sgd" });
    const message = await refusal(runTraining(config));
    expect(message).toMatch(/diverged at update \d+: the loss is .*(last\.safetensors|no checkpoint)/);
  });

  it("labels of another number of classes are refused with the file", async () => {
    const { root, data } = await smallData();
    const labels = join(root, "labels", "p00.png");
    writeFileSync(labels, greyPng(40, 40, new Uint8Array(1600).fill(7)));
    const message = await refusal(runTraining(smallTraining(data, await folder())));
    expect(message).toContain(`${labels}: label 7`);
    expect(message).toContain("none of the 2 classes");
  });

  it("a checkpoint of another architecture or number of classes is refused with what it is", async () => {
    const { data } = await smallData();
    const init = (file: string, more = {}) =>
      runTraining(smallTraining(data, "unused", { init: file, ...more })).finally(() =>
        rmSync("unused", { recursive: true, force: true }),
      );
    const segformer = new URL("../golden/nn/segformer.transformers.safetensors", import.meta.url).pathname;
    expect(await refusal(init(segformer))).toMatch(/segformer\.transformers.*segformer\/transformers/);
    const upernet = new URL("../golden/nn/upernet-cvst.authors.pth", import.meta.url).pathname;
    expect(await refusal(init(upernet))).toMatch(/does not fit.*of another shape/);
  });

  it("too few images, and held out ones that leave none", async () => {
    const { data } = await smallData();
    const attempt = async (more: object) => refusal(runTraining(smallTraining(data, await folder(), more)));
    expect(await attempt({ holdOut: 10 })).toContain("--hold-out 10 of 12 images leaves 2");
    expect(await attempt({ accumulate: 3 })).toContain("make no update of 3 batches of 4");
    expect(await attempt({ classes: undefined })).toContain("add --classes");
  });
});

it.each<[string, (out: string) => Partial<TrainingInput>]>([
  ["weights that do not fit", (out) => ({ init: join(out, "..", "kept.txt") })],
  ["a padding label that is no class", () => ({ padLabel: 100 })],
])("that cannot begin because of %s leaves a folder for the corrected command", async (_, mistake) => {
  const out = await folder();
  const config = smallTraining((await smallData()).data, out);
  await expect(runTraining({ ...config, ...mistake(out) } as TrainingConfig)).rejects.toBeInstanceOf(
    SeawallError,
  );
  expect(await readdir(out)).toEqual([]);
  await expect(runTraining(config)).resolves.toMatchObject({ steps: 4 });
});
