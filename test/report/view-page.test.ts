/** The viewer in a browser: the list, a run that is still going on, and the report of a complete run. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRun } from "../../bench/made-run.mjs";
import { keepExample, readReportedRun, serveRuns, writeReports } from "../../src/report/index.node.js";
import { hasBrowser, openBrowser, openPage, strayElements } from "../helpers/browser.js";
import { logText, lines as trainingLines, writeTraining } from "./trainings.js";

const root = mkdtempSync(join(tmpdir(), "seawall-view-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** With UPDATE_DOCS=1 SEAWALL_RUNS=runs, the screenshots of docs/view.md are taken again; one run there must be going on. */
const shown = process.env.SEAWALL_RUNS;
/** With UPDATE_DOCS=1 SEAWALL_TRAINING=runs/at2, those of a training. */
const learning = process.env.SEAWALL_TRAINING;
const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));

/** Writes a made-up run with its first nine records. Returns the journal lines of the others. */
async function goingRun(dir: string): Promise<string[]> {
  await makeRun(dir);
  rmSync(join(dir, "result.json"));
  const journal = join(dir, "journal.jsonl");
  const lines = readFileSync(journal, "utf8").split(/(?<=\n)/);
  writeFileSync(journal, lines.slice(0, 9).join(""));
  return lines.slice(9);
}

describe.skipIf(!hasBrowser)("in a browser (skipped where there is no Chromium)", () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveRuns>>;
  let toCome: string[];

  beforeAll(async () => {
    await makeRun(join(root, "done"));
    writeReports(readReportedRun(join(root, "done")), ["html"], join(root, "done"));
    toCome = await goingRun(join(root, "going"));
    writeTraining(join(root, "learning"));
    const planes = new Float32Array(3 * 64).fill(0.5);
    const map = Array.from({ length: 64 }, (_, i) => i % 3);
    const maps = { labels: map, prediction: map, attackedPrediction: map };
    for (const index of [0, 1])
      await keepExample(
        join(root, "learning"),
        { index, height: 8, width: 8, image: planes, attacked: planes, ...maps },
        4 / 255,
      );
    server = await serveRuns([root], 0);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each([1280, 390])("fits into %d pixels, the list and a run", async (width) => {
    const { page, faults } = await openPage(browser, server.url, width);
    for (const title of ["Runs", "going stopped"]) {
      expect((await page.locator("h1").textContent())?.trim()).toBe(title);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      expect(await strayElements(page)).toEqual([]);
      if (title === "Runs") await page.getByText("going").click();
    }
    expect(faults).toEqual([]);
    await page.close();
  });

  it("follows a run without being loaded again", async () => {
    const { page, faults } = await openPage(browser, server.url, 1280);
    await page.getByText("going").click();
    expect(await page.locator("progress").getAttribute("value")).toBe("9");
    expect(await page.locator(".tile img").count()).toBe(5);
    expect(await page.locator(".chart").count()).toBe(3);
    await page.evaluate("window.stays = true");
    appendFileSync(join(root, "going", "journal.jsonl"), toCome.join(""));
    await page.locator(".badge.complete").waitFor();
    expect(await page.locator("progress, .tile, .chart").count()).toBe(0);
    expect(await page.evaluate("window.stays")).toBe(true);
    await page.getByText("All runs").click();
    expect(await page.locator(".badge.complete").count()).toBe(2);
    expect(faults).toEqual([]);
    await page.close();
  });

  it.each([1280, 390])("shows a training at %d pixels, and follows it", async (width) => {
    const { page, faults } = await openPage(browser, server.url, width);
    await page.getByText("learning").click();
    expect(await page.locator(".chart").count()).toBe(5);
    expect(await page.locator(".tile img").count()).toBe(10);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    expect(await strayElements(page)).toEqual([]);
    const step = Number(await page.locator("progress").getAttribute("value")) + 1;
    const line = { ...trainingLines[0], step, epoch: step / 10 };
    appendFileSync(join(root, "learning", "log.jsonl"), logText([line]));
    await page.locator(`progress[value="${step}"]`).waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  it("opens a report, whose tables sort behind its fence", async () => {
    const { page, faults } = await openPage(browser, server.url, 1280);
    await page.getByText("done").click();
    const table = page.locator("#attacks table").first();
    await table.locator("thead th").nth(3).locator("button").click();
    expect(await table.locator("thead th").nth(3).getAttribute("aria-sort")).toBe("descending");
    expect(faults).toEqual([]);
    await page.close();
  });

  it.runIf(process.env.UPDATE_DOCS && shown)("takes the pictures of its documentation", async () => {
    const { url, close } = await serveRuns([shown!], 0);
    for (const width of [1280, 390]) {
      const page = await browser.newPage({ viewport: { width, height: 400 }, colorScheme: "light" });
      await page.goto(url);
      await takePicture(page, `view-list-${width}.png`);
      await page.locator("li:has(progress) b").first().click();
      await takePicture(page, `view-run-${width}.png`);
      await page.close();
    }
    await close();
  });

  it.runIf(process.env.UPDATE_DOCS && learning)("takes the pictures of a training", async () => {
    const { url, close } = await serveRuns([learning!], 0);
    for (const width of [1280, 390]) {
      const page = await browser.newPage({ viewport: { width, height: 400 }, colorScheme: "light" });
      await page.goto(url);
      await page.locator("li a").first().click();
      await takePicture(page, `view-training-${width}.png`);
      await page.close();
    }
    await close();
  });
});

/** Pictures in pages take much room in full colour. */
async function takePicture(page: Page, name: string): Promise<void> {
  const taken = sharp(await page.screenshot({ fullPage: true }));
  await taken.png({ palette: true }).toFile(docs(name));
}
