/** Trainings in the viewer: their figures as the log grows, logs that are torn or damaged, and what is not served. */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { describe, expect, it, onTestFinished } from "vitest";
import { lockFolder } from "../../src/base/index.node.js";
import { keepExample } from "../../src/report/index.node.js";
import { Curve } from "../../src/report/view/training-overview.js";
import { describeWith, journalText, recordsOf, sealedJson, temporaryFolder } from "../journal/runs.js";
import { description, lines, logText, writeTraining } from "./trainings.js";
import { firstRun, get, serve } from "./viewer.js";

const update = (step: number, more: object = {}) => ({ ...lines[0], step, epoch: step / 10, ...more });

async function page(folder: string) {
  const { port } = await serve(folder);
  return { port, path: await firstRun(port), list: async () => (await get(port, "/")).body };
}

describe("a training", () => {
  it("is listed with network, data, attack, figures, and the time that is left", async () => {
    const folder = temporaryFolder();
    writeTraining(join(folder, "at3"));
    const { list } = await page(folder);
    const body = await list();
    expect(body).toContain(
      "training · upernet-convnext-micro-cvst · 80 images of camvid:CamVid · segpgd, 3 steps at 4/255 · 2 epochs",
    );
    expect(body).toMatch(/attacked aAcc <b>0\.6250<\/b>.*clean aAcc <b>0\.7500<\/b>/);
    expect(body).toMatch(/best attacked <b>0\.6250<\/b> after epoch 1/);
    // Ten updates of eight images are left, at two images a second.
    expect(body).toMatch(
      /<progress max="20" value="10">.*10 of 20 updates, epoch 1\.0 of 2, about 40 s left/,
    );
    expect(body).toContain('badge stopped">stopped');
  });

  it("runs while its lock is held, and is complete once its model is there", async () => {
    const folder = temporaryFolder();
    const dir = join(folder, "at3");
    writeTraining(dir);
    const { list } = await page(folder);
    const lock = lockFolder(dir);
    onTestFinished(() => lock.release());
    expect(await list()).toContain('badge running">running');
    appendFileSync(join(dir, "log.jsonl"), logText([update(20)]));
    lock.release();
    expect(await list()).toContain('badge stopped">stopped');
    writeFileSync(join(dir, "model.onnx"), "");
    expect(await list()).toContain('badge complete">complete');
  });

  it("says that it ended early, until it is continued", async () => {
    const folder = temporaryFolder();
    const dir = join(folder, "at3");
    writeTraining(dir, [...lines, { kind: "stopped", step: 10, epoch: 1, validations: 7 }]);
    writeFileSync(join(dir, "model.onnx"), "");
    const { port, path, list } = await page(folder);
    expect(await list()).toContain('badge complete">complete');
    expect((await get(port, path)).body).toContain(
      "Ended early after 7 validations without a better accuracy",
    );
    appendFileSync(join(dir, "log.jsonl"), logText([update(11)]));
    expect((await get(port, path)).body).not.toContain("Ended early");
  });

  it("of clean images has the best accuracy of clean ones; of replays it says how many", async () => {
    const folder = temporaryFolder();
    writeTraining(join(folder, "clean"), lines, { attackSteps: 0 });
    writeTraining(join(folder, "free"), lines, { attackSteps: 1, attack: "pgd", replay: 4 });
    const body = await (await page(folder)).list();
    expect(body).toContain("clean images · 2 epochs");
    expect(body).toContain("best clean <b>0.7500</b> after epoch 1");
    expect(body).toContain("pgd, 4 replays at 4/255");
  });

  it("has curves of what its log says, and its files as text", async () => {
    const folder = temporaryFolder();
    writeTraining(join(folder, "at3"));
    const { port, path } = await page(folder);
    const { body } = await get(port, path);
    const { document } = parseHTML(body);
    const titles = [...document.querySelectorAll("figure > svg")].map((svg) =>
      svg.getAttribute("aria-label"),
    );
    expect(titles).toEqual([
      "Accuracy (aAcc) by epoch; at the end attacked 0.6250, clean 0.7500",
      "mIoU by epoch; at the end attacked 0.2500, clean 0.5000",
      "Loss by epoch; at the end of the images trained on 0.1000, before the attack 0.05000",
      "Gradient norm by epoch; at the end gradient norm 3.000",
      "Learning rate by epoch; at the end learning rate 0.001000",
    ]);
    expect(body, "the policy allows no style but that of a file").not.toMatch(/ style=|<style/);
    expect((await get(port, `${path}files/log.jsonl`)).body).toBe(logText(lines));
    expect((await get(port, `${path}files/training.json`)).status).toBe(200);
  });

  it("shows its held-out images at the last validation", async () => {
    const folder = temporaryFolder();
    const dir = join(folder, "at3");
    writeTraining(dir);
    const map = new Array(16).fill(1);
    const planes = new Float32Array(48).fill(0.5);
    const maps = { labels: map, prediction: map, attackedPrediction: map };
    await keepExample(
      dir,
      { index: 2, height: 4, width: 4, image: planes, attacked: planes, ...maps },
      4 / 255,
    );
    const { port, path } = await page(folder);
    const { document } = parseHTML((await get(port, path)).body);
    const pictures = [...document.querySelectorAll(".card img")].map((img) => img.getAttribute("alt"));
    expect(pictures).toEqual(["image", "label", "clean prediction", "under attack", "perturbation × 32"]);
    expect(document.querySelector(".card figcaption")?.textContent).toBe("held-out image 3");
    expect(document.querySelector("section > .legend")?.textContent).toBe("skyroadtreeignored");
  });

  it("lies beside the evaluations of its model, also below its folder", async () => {
    const folder = temporaryFolder();
    writeTraining(join(folder, "at3"));
    const run = describeWith();
    mkdirSync(join(folder, "at3/eval"));
    writeFileSync(join(folder, "at3/eval/run.json"), sealedJson(run, run));
    writeFileSync(join(folder, "at3/eval/journal.jsonl"), journalText(run, recordsOf(run)));
    const body = await (await page(folder)).list();
    expect(body).toContain("<b>at3</b>");
    expect(body).toContain("<b>at3/eval</b>");
  });
});

describe("the log of a training", () => {
  it("is followed as it grows, whole line by whole line, and not sent again unchanged", async () => {
    const folder = temporaryFolder();
    const log = join(folder, "at3/log.jsonl");
    writeTraining(join(folder, "at3"));
    const { port, path } = await page(folder);
    const before = await get(port, path);
    expect((await get(port, path, { "if-none-match": before.headers.etag! })).status).toBe(304);
    const [first, second] = [logText([update(11)]), logText([update(12)])];
    appendFileSync(log, first + second.slice(0, 20));
    expect((await get(port, path)).body).toContain("11 of 20 updates");
    appendFileSync(log, second.slice(20));
    expect((await get(port, path)).body).toContain("12 of 20 updates");
  });

  it("is read anew where a resumed training has written it anew", async () => {
    const folder = temporaryFolder();
    const log = join(folder, "at3/log.jsonl");
    writeTraining(join(folder, "at3"), [...lines, update(11), update(12, { loss: 77 })]);
    const { port, path } = await page(folder);
    expect((await get(port, path)).body).toContain("12 of 20 updates");
    writeFileSync(`${log}.new`, logText([...lines, update(11, { loss: 5 })]));
    renameSync(`${log}.new`, log);
    const { body } = await get(port, path);
    expect(body).toContain("11 of 20 updates");
    expect(body).toContain("of the images trained on 5.000");
  });

  it("may be missing or empty", async () => {
    const folder = temporaryFolder();
    writeTraining(join(folder, "at3"), []);
    const { port, path, list } = await page(folder);
    expect(await list()).toContain("no update yet");
    expect((await get(port, path)).status).toBe(200);
  });

  it.each([
    ["log.jsonl", `${logText(lines)}{"kind": "st\n`, /log\.jsonl, line 12: not JSON/],
    ["log.jsonl", logText([update(1, { loss: "<b>" })]), /log\.jsonl, line 1: loss/],
    ["log.jsonl", logText([update(-3)]), /log\.jsonl, line 1: step/],
    ["log.jsonl", `"${"x".repeat(5 * 2 ** 20)}`, /log\.jsonl, line 1: longer than/],
    ["training.json", "{", /training\.json: not JSON/],
    ["training.json", "{}", /training\.json: config/],
    ["training.json", JSON.stringify({ ...description, config: { ...description.config, eps: "x" } }), /eps/],
  ])("or description that is damaged is named with the reason: %s", async (file, content, reason) => {
    const folder = temporaryFolder();
    writeTraining(join(folder, "at3"));
    writeFileSync(join(folder, "at3", file), content);
    const { port, path, list } = await page(folder);
    expect(await list()).toMatch(reason);
    expect(await list()).toContain('badge damaged">damaged');
    expect((await get(port, path)).body).toMatch(reason);
  });

  it("may hold figures out of all proportion", async () => {
    const folder = temporaryFolder();
    const wild = {
      imagesPerSecond: 5e-324,
      loss: 1e308,
      gradientNorm: -1e308,
      learningRate: 0,
      epoch: 1e-300,
    };
    writeTraining(join(folder, "at3"), [update(1, wild), update(2, { ...wild, epoch: 1e9 })]);
    const { port, path } = await page(folder);
    expect((await get(port, path)).status).toBe(200);
  });
});

describe("a training that someone else wrote", () => {
  it("has its names escaped", async () => {
    const folder = temporaryFolder();
    const evil = `<img src=x onerror="alert(1)">`;
    writeTraining(join(folder, "<b onclick=alert(1)>"), lines, {
      architecture: evil,
      data: evil,
      attack: evil,
    });
    const { port, path, list } = await page(folder);
    const all = `${await list()}${(await get(port, path)).body}`;
    expect(all).toContain("&#60;img src=x onerror=&#34;alert(1)&#34;&#62;");
    expect(all).not.toMatch(/<(img src=x|b onclick)/);
  });

  it.skipIf(process.platform === "win32")(
    "leads nowhere by links and pipes, and serves no checkpoint",
    async () => {
      const folder = temporaryFolder();
      const secret = "the secret of the house";
      writeFileSync(join(folder, "secret.txt"), secret);
      const runs = join(folder, "runs");
      writeTraining(join(runs, "at3"));
      writeFileSync(join(runs, "at3/last.safetensors"), secret);
      mkdirSync(join(runs, "linked"));
      symlinkSync(join(folder, "secret.txt"), join(runs, "linked/training.json"));
      writeTraining(join(runs, "torn"));
      renameSync(join(runs, "torn/log.jsonl"), join(folder, "log.jsonl"));
      symlinkSync(join(folder, "log.jsonl"), join(runs, "torn/log.jsonl"));
      mkdirSync(join(runs, "at3/pictures"));
      symlinkSync(join(folder, "secret.txt"), join(runs, "at3/pictures/0-0.image.webp"));
      execFileSync("mkfifo", [join(runs, "at3/pictures/0-0.label.webp")]);
      const { port, list } = await page(runs);
      const body = await list();
      expect(body).not.toContain("linked");
      expect(body).toMatch(/log\.jsonl: a link or not a regular file/);
      for (const [, own] of body.matchAll(/href="(\/runs\/[0-9a-f]+\/)"/g))
        for (const place of [
          "",
          "now",
          "report",
          "files/last.safetensors",
          "files/run.json",
          "files/secret.txt",
        ])
          expect((await get(port, `${own}${place}`)).body).not.toContain(secret);
    },
  );
});

describe("a curve", () => {
  it("of any length has at most 400 points, each the mean of as many neighbours", () => {
    const curve = new Curve();
    for (let i = 0; i < 100_000; i++) curve.add(i, 2 * i);
    const { points } = curve;
    expect(points.length).toBeGreaterThanOrEqual(200);
    expect(points.length).toBeLessThanOrEqual(400);
    const width = points[1]!.epoch - points[0]!.epoch;
    for (const [i, { epoch, value }] of points.slice(0, -1).entries()) {
      expect(epoch).toBeCloseTo((width - 1) / 2 + i * width, 4);
      expect(value).toBeCloseTo(2 * epoch, 4);
    }
  });

  it("of few values has them all", () => {
    const curve = new Curve();
    for (const value of [3, 1, 2]) curve.add(value, value);
    expect(curve.points.map(({ value }) => value)).toEqual([3, 1, 2]);
  });
});
