/** Runs of the page: checked, saved as a zip that the command line takes, gone on with after a stop, and refused in words. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { readNpy } from "../../src/data/formats/npy.js";
import { readImage } from "../../src/data/index.node.js";
import { runEvaluation } from "../../src/evaluate/index.node.js";
import { toBytes } from "../../src/evaluate/workers/evidence.js";
import { type Soundness, unpackRun } from "../../src/journal/index.js";
import { type CheckedRun, readResult, readRun, withRunFolders } from "../../src/journal/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { folderWith, seawall, shell } from "../cli/program.js";
import { greyPng, noise, rgbPng } from "../data/pixels.js";
import { hasBrowser } from "../helpers/browser.js";
import { modelWithoutRule, tinyModel } from "../helpers/models.js";
import { attack, demo, openDemo, outcome, part, textOf, url } from "./pages.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "dist/bundle/main.js");

describe.skipIf(!hasBrowser)("a run of the page", () => {
  it("is a run folder in a zip, which report, compare and verify take as their own", async () => {
    const page = await openDemo(1280, url, "right=none&attacks=sea-2023&steps=4");
    await attack(page);
    const zip = await saved(page);
    const at = { cwd: root };

    const { code, stdout } = await seawall(["verify", zip, "--sample", "100", "--json"], at);
    const { records, sample, result, sealed } = JSON.parse(stdout);
    // Kernels for another processor may round otherwise.
    for (const { accuracy } of sample) expect(Math.abs(accuracy)).toBeLessThan(0.01);
    expect([0, 3]).toContain(code);
    expect({ records, tried: sample.length, result, sealed }).toEqual({
      ...{ records: 5, tried: 5, result: [], sealed: true },
    });
    expect((await seawall(["verify", zip, "--sample", "100", "--tolerance", "0.01"], at)).code).toBe(0);

    const out = `${zip}-report`;
    expect((await seawall(["report", zip, "--out", out], at)).code).toBe(0);
    // Another browser writes the attributes of charts in another order.
    const text = (html: string) => html.replace(/<(svg|script).*?<\/\1>/gs, "").replace(/<[^>]*>/g, "");
    const own = new TextDecoder().decode(unzipSync(await readFile(zip))["report.html"]);
    expect(text(readFileSync(join(out, "report.html"), "utf8"))).toBe(text(own));
    for (const section of ["gallery", "traces", "soundness"]) expect(own).toContain(`id="${section}"`);

    const command = (await textOf(page, "command"))!.replace(/^seawall/, `node ${program}`);
    const node = join(await folderWith({}), "node");
    const ran = await shell(command.replace(/ run$/, ` ${node}`), at);
    expect(ran.code, ran.stderr).toBe(0);
    const [inPage, inNode] = await withRunFolders([zip, node], (dirs) => dirs.map(readRun));
    expect(inPage!.description.identity).toBe(inNode!.description.identity);
    expect(inPage!.description.versions).toMatchObject({ "onnxruntime-web": expect.any(String) });
    for (const [i, record] of inPage!.records.entries()) {
      const other = inNode!.records[i]!;
      expect([record.attack, record.hash]).toEqual([other.attack, other.hash]);
      expect(Math.abs(record.accuracy! - other.accuracy!)).toBeLessThan(0.01);
    }
    expect((await seawall(["compare", node, zip], at)).code).toBe(0);
  });

  it("shows the checks of its soundness, in the words of the command line", async () => {
    const page = await openDemo(1280, url, "right=none&attacks=pgd:ce&steps=3");
    await attack(page);
    const shown = await page.locator(`${part("checks")} li p:first-of-type`).allTextContents();
    const zip = await saved(page);
    const stored = await withRunFolders([zip], ([dir]) => readResult(dir!).soundness);
    expect(shown).toEqual(stored.map(({ detail }) => detail));
    const { soundness } = await runEvaluation({
      ...{ model: demo("fragile.onnx"), data: `folder:${demo("street")}`, labels: "self" },
      ...{ attacks: "pgd:ce", steps: 3, eps: "4/255", parallel: 1 },
    });
    // Numbers may differ in their last digits.
    const words = ({ check, detail }: Soundness) => `${check}: ${detail.replace(/[\d.]+(e-\d+)?/g, "#")}`;
    expect(stored.map(words)).toEqual(soundness.map(words));
  });

  it("holds the perturbed images as floats, and as they are rounded to 8 bits", async () => {
    const page = await openDemo(1280, url, "right=none&steps=2");
    await attack(page);
    const entries = unzipSync(await readFile(await saved(page)));
    const [clean, attacked] = ["0-0", "0-1"].map((name) => readNpy(entries[`perturbed/${name}.npy`]!, 1e6));
    const radius = 4 / 255;
    const image = clean!.data as Float32Array;
    const point = attacked!.data as Float32Array;
    const farthest = point.reduce((most, value, i) => Math.max(most, Math.abs(value - image[i]!)), 0);
    expect(farthest).toBeCloseTo(radius, 6);
    const folder = await folderWith({ "a.png": entries["perturbed/0-1.png"]! });
    const { data, width, height } = await readImage(join(folder, "a.png"));
    expect([3, height, width]).toEqual(attacked!.shape);
    const rounded = toBytes(image, point, radius);
    const planes = rounded.map(
      (_, i) => data[(i % (height * width)) * 3 + Math.floor(i / (height * width))]!,
    );
    expect(planes).toEqual(rounded.map((value) => Math.round(255 * value)));
  });

  it("goes on after a stop with what is missing, and comes to the same", async () => {
    const settings = "right=none&attacks=sea-2023&steps=12";
    const whole = await openDemo(1280, url, settings);
    await attack(whole);
    const page = await openDemo(1280, url, settings);
    expect(await page.isDisabled("#resume")).toBe(true);
    await page.click("#start");
    await page
      .locator(`${part("outcome")} tbody tr`)
      .nth(2)
      .waitFor({ timeout: 60_000 });
    await page.click("#stop");
    await page.waitForSelector("text=Stopped after");
    const kept = await outcome(page);
    expect(kept.length).toBeLessThan(5);
    expect(await textOf(page, "checks")).toBe("The checks are made at the end of an attack.");

    // A run that is not complete is a run, too.
    const stopped = await withRunFolders([await saved(page)], ([dir]) => readRun(dir!));
    expect(stopped.records).toHaveLength(kept.length);

    await page.fill("#eps", "5");
    expect(await page.isDisabled("#resume")).toBe(true);
    await page.fill("#eps", "4");
    await page.click("#resume");
    await page.locator(part("status"), { hasText: /^Done/ }).waitFor({ timeout: 60_000 });
    expect(await page.isDisabled("#resume")).toBe(true);
    expect(await outcome(page)).toEqual(await outcome(whole));
    const [one, other] = await withRunFolders([await saved(page), await saved(whole)], (dirs) =>
      dirs.map((dir): CheckedRun["records"] => readRun(dir).records),
    );
    const figures = (records: CheckedRun["records"]) => records.map(({ seconds: _, ...figures }) => figures);
    expect(figures(one!)).toEqual(figures(other!));
  });

  it("of one's own files is verified where they lie", async () => {
    const [height, width] = [12, 16];
    const labels = noise(height * width).map((byte) => (byte % 5 === 4 ? 255 : byte % 5));
    const names = ["b.png", "a.png"];
    const folder = await folderWith({
      "my model.onnx": writeModel(tinyModel()),
      ...Object.fromEntries(
        names.map((name, i) => [
          `images/${name}`,
          rgbPng(
            height,
            width,
            noise(3 * height * width).map((byte) => byte ^ (77 * i)),
          ),
        ]),
      ),
      ...Object.fromEntries(names.map((name) => [`labels/${name}`, greyPng(height, width, labels)])),
    });
    const page = await openDemo(1280);
    await page.selectOption("#left", "own");
    const files = (place: string) => names.map((name) => join(folder, place, name));
    await page.setInputFiles("#image-files", files("images"));
    await page.setInputFiles("#label-files", files("labels"));
    await page.fill("#ignored", "255");
    await page.setInputFiles("#left-file", join(folder, "my model.onnx"));
    await page.waitForSelector("text=of the labelled pixels are right before the attack");
    await attack(page, { steps: 5 });
    expect(await textOf(page, "command")).toBe(
      "seawall eval --model 'my model.onnx' --data folder:images,labels --ignore-label 255 --attacks apgd:mask-ce --eps 4/255 --steps 5 --out run",
    );
    const { code, stderr } = await seawall(["verify", await saved(page)], { cwd: folder });
    expect(stderr).toMatch(/✓ match: 4 of 4 records made again/);
    expect(code).toBe(0);
  });
});

describe.skipIf(!hasBrowser)("what the page cannot attack", () => {
  it("is an operator without a gradient rule, named with its path", async () => {
    const page = await openDemo(1280);
    await choose(page, "#left-file", "det.onnx", writeModel(modelWithoutRule()));
    await page.waitForSelector("#start:enabled");
    await page.click("#start");
    expect(await problem(page)).toMatch(
      /^det\.onnx: Det "Det": operator Det has no gradient rule, and it lies between .*; export the model with standard operators/,
    );
    await page
      .locator(part("status"), { hasText: /^Stopped after .* What was found so far stays\.$/ })
      .waitFor();
    await page.selectOption("#left", "fragile");
    await page.waitForSelector("#start:enabled");
    await attack(page, { steps: 1 });
    expect(await textOf(page, "status")).toMatch(/^Done/);
  });

  it("is a photo of 40 megapixels on a model that takes any size, but not on one that has its own", async () => {
    const page = await openDemo(1280);
    const photo = greyPng(5000, 8000, new Uint8Array(5000 * 8000).fill(120));
    await choose(page, "#image-files", "large.png", photo);
    await page.locator(part("status"), { hasText: /^1 image/ }).waitFor({ timeout: 60_000 });
    await attack(page, { steps: 1 });
    expect((await outcome(page)).map(({ of }) => of)).toEqual([180 * 240, 180 * 240]);
    await choose(page, "#left-file", "open.onnx", writeModel(tinyModel({ classes: 24 })));
    expect(await problem(page)).toMatch(
      /the model holds .* GiB there, and this process may have .* GiB; run it on smaller images, or on another machine$/,
    );
  });

  it("is a label file of other numbers, told in the page's words", async () => {
    const page = await openDemo(1280);
    const [height, width] = [12, 16];
    await choose(page, "#left-file", "tiny.onnx", writeModel(tinyModel()));
    await choose(page, "#image-files", "a.png", rgbPng(height, width));
    await choose(
      page,
      "#label-files",
      "a.png",
      greyPng(height, width, new Uint8Array(height * width).fill(7)),
    );
    const sentence = await problem(page);
    expect(sentence).toMatch(/^labels\/a\.png: label 7 at row 0, column 0 is none of the 4 classes/);
    expect(sentence).not.toContain("--");
  });
});

/** The zip that a click on "Save the run" downloads. */
async function saved(page: Page): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(part("save"))]);
  const file = join(await folderWith({}), download.suggestedFilename());
  await download.saveAs(file);
  expect([...unpackRun(await readFile(file)).keys()]).toContain("run.json");
  return file;
}

async function choose(page: Page, field: string, name: string, content: Uint8Array): Promise<void> {
  if (field === "#left-file") await page.selectOption("#left", "own");
  await page.setInputFiles(field, { name, mimeType: "", buffer: Buffer.from(content) });
}

async function problem(page: Page): Promise<string | null> {
  await page.locator(part("problem"), { hasText: /./ }).waitFor({ timeout: 60_000 });
  return textOf(page, "problem");
}
