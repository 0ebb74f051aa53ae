/** The report in a browser: content, behaviour, and that no program runs but its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRun } from "../../bench/made-run.mjs";
import { readReportedRun, writeReports } from "../../src/report/index.node.js";
import { hasBrowser, openBrowser, openPage, strayElements } from "../helpers/browser.js";

const root = mkdtempSync(join(tmpdir(), "seawall-page-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** With UPDATE_DOCS=1 SEAWALL_RUN=runs/demo, the screenshots of docs/report.md are taken again, of that run. */
const shown = process.env.SEAWALL_RUN;
const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));

function pageOf(dir: string): string {
  const [file] = writeReports(readReportedRun(dir), ["html"], join(root, "pages", `${dir.length}`));
  return `file://${file}`;
}

describe.skipIf(!hasBrowser)("in a browser (skipped where there is no Chromium)", () => {
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    await makeRun(join(root, "run"), {});
    url = pageOf(join(root, "run"));
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  const open = (address: string, width: number) => openPage(browser, address, width);

  it.each([1280, 390])("fits into %d pixels, says nothing and loads nothing", async (width) => {
    const { page, faults } = await open(url, width);
    const size = await page.evaluate("[document.documentElement.scrollWidth, document.fonts.size]");
    expect(size).toEqual([width, 0]);
    const titles = await page.locator("main h2").allTextContents();
    expect(titles).toEqual([
      ...["Robustness by radius", "Attacks", "IoU by class", "Object size and boundaries"],
      ...["Confusions between classes", "Images", "Attack traces", "Soundness checks", "Cost", "Provenance"],
    ]);
    expect(await strayElements(page)).toEqual([]);
    const broken = await page.evaluate(
      "[...document.images].filter((i) => i.offsetParent !== null && i.naturalWidth === 0).length",
    );
    expect(broken).toBe(0);
    expect(faults).toEqual([]);
    await page.close();
  });

  it("sorts its tables, by figures and by names", async () => {
    const { page, faults } = await open(url, 1280);
    const table = page.locator("#attacks table").first();
    const column = async (i: number) => table.locator(`tbody tr > :nth-child(${i})`).allTextContents();
    const head = table.locator("thead th").nth(3);
    await head.locator("button").click();
    expect(await head.getAttribute("aria-sort")).toBe("descending");
    const falling = (await column(4)).map(Number);
    expect(falling).toEqual([...falling].sort((a, b) => b - a));
    expect(new Set(falling).size).toBeGreaterThan(3);
    await head.locator("button").press("Enter");
    expect((await column(4)).map(Number)).toEqual([...falling].reverse());
    await table.locator("thead th").nth(0).locator("button").click();
    const names = await column(1);
    expect(names).toEqual([...names].sort());
    // Radii are sorted by value: as text, 2/255 would come after 16/255.
    await table.locator("thead th").nth(1).locator("button").click();
    expect((await column(2)).slice(0, 2)).toEqual(["2/255", "2/255"]);
    expect((await column(2)).at(-1)).toBe("0");
    expect(faults).toEqual([]);
    await page.close();
  });

  it("says what each attack adds", async () => {
    const { page } = await open(url, 1280);
    const table = page.locator("#attacks table").last();
    expect(await table.locator("caption").textContent()).toBe("Worst case without one attack");
    const shown = await table
      .locator("tbody tr")
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
    const { robust } = readReportedRun(join(root, "run")).result;
    const expected = robust.flatMap(({ eps, attacks, worst }) =>
      attacks.map(({ name, without }) => {
        const { aAcc, mIoU } = without!;
        const figures = [aAcc, aAcc - worst.aAcc, mIoU, mIoU - worst.mIoU];
        return [name, eps, ...figures.map((figure) => figure.toFixed(4))];
      }),
    );
    expect(shown).toEqual(expected);
    await page.close();
  });

  it("says of a check that was raised what it means and what to do, and of one left out why", async () => {
    const { page } = await open(url, 1280);
    const checks = await page.locator("#soundness li:visible").allTextContents();
    expect(checks).toHaveLength(3);
    expect(checks[1]).toContain("Means: its figures say nothing of any model. Do: look at the page");
    expect(checks[2]).toContain("skipped");
    await page.close();
  });

  it("shows images by radius, in large, and goes on by keys", async () => {
    const { page, faults } = await open(url, 390);
    const cards = page.locator("#gallery .card:visible");
    expect(await cards.count()).toBe(12);
    const captions = (await cards.locator("figcaption").allTextContents()).map((text) => text.split(" ")[0]);
    expect(new Set(captions).size).toBe(12);
    // The radius of the headline, the largest, is shown first.
    expect(await page.locator("#gallery select").inputValue()).toBe("2");
    expect(await cards.first().locator("figcaption").textContent()).toMatch(/correct pixels: .* under apgd/);
    await cards.first().locator("button").press("Enter");
    const dialog = page.locator("dialog");
    expect(await dialog.locator(".tile .name").allTextContents()).toEqual([
      ...["image", "label", "clean prediction", "under attack", "perturbation × 64"],
    ]);
    const first = await dialog.locator("p").textContent();
    await page.keyboard.press("ArrowRight");
    expect(await dialog.locator("p").textContent()).not.toBe(first);
    await dialog.getByText("← previous").click();
    expect(await dialog.locator("p").textContent()).toBe(first);
    await page.keyboard.press("Escape");
    expect(await dialog.isVisible()).toBe(false);
    expect(faults).toEqual([]);
    await page.close();
  });

  it("follows an attack under its slider", async () => {
    const { page, faults } = await open(url, 1280);
    const trace = page.locator(".trace:visible");
    expect(await trace.count()).toBe(1);
    const slider = trace.locator("input");
    const said = () => trace.locator("output").textContent();
    const cursor = () => trace.locator(".cursor").first().getAttribute("x1");
    expect(await said()).toContain("radius 2 ε");
    const [frame, start] = [await trace.locator("img:visible").first().getAttribute("src"), await cursor()];
    await slider.press("End");
    expect(await said()).toMatch(/radius ε · .*correct \d+\.\d % · step size 0\.5000\/255/);
    expect(await slider.getAttribute("aria-valuetext")).toContain("pass 32");
    expect(await trace.locator("img:visible").first().getAttribute("src")).not.toBe(frame);
    expect(Number(await cursor())).toBeGreaterThan(Number(start) + 200);
    await slider.press("Home");
    expect(await trace.locator("img:visible").first().getAttribute("src")).toBe(frame);
    await page.locator("#traces select").selectOption("5");
    expect(await page.locator(".trace:visible").count()).toBe(1);
    expect(faults).toEqual([]);
    await page.close();
  });

  it("shows hostile names as text", async () => {
    const attack = `<img src=x onerror="window.hit=1">`;
    const breakout = `"></script></style></title><script>window.hit=2</script>`;
    const dir = join(root, "hostile run");
    await makeRun(dir, {
      images: 3,
      eps: ["1/255"],
      attacks: [attack, "noise"],
      classNames: [breakout, `<svg onload="window.hit=3">`, "c", "d", "e", "f"],
      imageName: (index) => `${index}${breakout}`,
      modelFile: breakout,
      dataSpec: `folder:${breakout}`,
      soundness: [{ check: breakout, status: "fail", detail: `<a href="javascript:window.hit=4">x</a>` }],
    });
    const { page, faults } = await open(pageOf(dir), 1280);
    expect(await page.locator("h1").textContent()).toBe(breakout);
    expect(await page.locator("#soundness li").textContent()).toContain("<a href=");
    expect(await page.locator("#attacks tbody").first().textContent()).toContain(attack);
    await page.locator("#gallery .card button").first().click();
    await page.locator(".trace:visible input").press("End");
    expect(await page.evaluate("window.hit ?? 0")).toBe(0);
    const own = `document.querySelectorAll('script:not([type]), [onerror], [onload], a[href^="javascript"]').length`;
    expect(await page.evaluate(own)).toBe(1);
    expect(faults).toEqual([]);
    await page.close();
  });

  it.runIf(process.env.UPDATE_DOCS && shown)("takes the pictures of its documentation", async () => {
    const address = pageOf(shown!);
    for (const width of [1280, 390]) {
      const { page } = await open(address, width);
      const clip = { x: 0, y: 0, width, height: width === 390 ? 1500 : 1320 };
      await page.screenshot({ path: docs(`report-${width}.png`), fullPage: true, clip });
      await page.close();
    }
    const { page } = await open(address, 1280);
    const { x, y, width, height } = (await page.locator("#curves").boundingBox())!;
    const clip = { x: x - 20, y: y - 10, width: width + 40, height: height + 30 };
    await page.screenshot({ path: docs("report-curves.png"), fullPage: true, clip });
    for (let i = 0; i < 25; i++) await page.locator(".trace:visible input").press("ArrowRight");
    await page.locator("#traces").screenshot({ path: docs("report-trace.png") });
    await page.close();
  });
});
