/** `seawall view` as a process, seen through a browser: live, whole and readable at two widths. */
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderWith, sampleFolder, seawall, storedRun } from "./program.js";

/** Debian's place; where there is no browser the tests that need one are skipped, and say so. */
const browserFile = "/usr/bin/chromium";
const hasBrowser = existsSync(browserFile);
if (!hasBrowser) console.warn(`skipped: ${browserFile} is missing, so the viewer's pages are not looked at`);

let cwd: string;
let browser: Browser | undefined;
beforeAll(async () => {
  cwd = await sampleFolder({ images: 4 });
  await storedRun(cwd, "runs/nightly/2026-11-25");
  await storedRun(cwd, "runs/nightly/2026-11-26", { steps: 9 });
  partOf("runs/nightly/2026-11-26", "runs/half", 11);
  partOf("runs/nightly/2026-11-26", "runs/torn", 8);
  appendFileSync(join(cwd, "runs/torn/journal.jsonl"), '{"image":"photo1","index":1}\n');
  if (!hasBrowser) return;
  const args = ["--no-sandbox", "--headless", "--disable-background-networking"];
  browser = await chromium.launch({ executablePath: browserFile, args });
});
afterAll(() => browser?.close());

/** A copy of a run that ended after so many records. */
function partOf(from: string, to: string, records: number): void {
  mkdirSync(join(cwd, to), { recursive: true });
  cpSync(join(cwd, from, "run.json"), join(cwd, to, "run.json"));
  writeFileSync(join(cwd, to, "journal.jsonl"), linesOf(from).slice(0, records).join(""));
}

function linesOf(run: string): string[] {
  return readFileSync(join(cwd, run, "journal.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => `${line}\n`);
}

/** Runs the viewer while `use` looks at it, and ends it with Ctrl-C. */
async function viewing(use: (url: string) => Promise<void>): Promise<void> {
  let used: Promise<void> | undefined;
  const { code, stdout, stderr } = await seawall(["view", "runs", "--port", "0"], {
    cwd,
    onStderr(text, child) {
      const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(text)?.[0];
      if (url) used ??= use(url).finally(() => child.kill("SIGINT"));
    },
  });
  await used;
  expect([code, stdout]).toEqual([0, ""]);
  expect(stderr).toMatch(/shows the runs in runs; Ctrl-C ends it\n$/);
}

describe("seawall view", () => {
  it("lists the runs, answers until Ctrl-C and ends with 0", async () => {
    await viewing(async (url) => {
      const list = await (await fetch(url)).text();
      expect(list.match(/class="badge complete"/g)).toHaveLength(2);
      expect(list).toMatch(/journal\.jsonl, line 9: no seal/);
    });
  });

  it("refuses what is no folder, and a port that is none", async () => {
    const none = await seawall(["view", "nowhere"], { cwd });
    expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/^error: nowhere: cannot be read/)]);
    const port = await seawall(["view", "runs", "--port", "web"], { cwd });
    expect([port.code, port.stderr]).toEqual([2, expect.stringMatching(/--port: expected a whole number/)]);
    expect((await seawall(["view", "runs", "--port", "70000"], { cwd })).code).toBe(2);
  });
});

const widths = [1280, 390] as const;

describe.skipIf(!hasBrowser)("in a browser", () => {
  it.each(widths)("fits %i pixels: nothing is cut, empty or beyond the edge", async (width) => {
    await viewing(async (url) => {
      const page = await openPage(url, width);
      await expectWhole(page);
      await page.click("text=2026-11-26");
      await page.waitForSelector("text=ε = 8/255");
      await expectWhole(page);
      for (const name of ["half", "torn"]) {
        await page.goto(url);
        await page.click(`b:text-is("${name}")`);
        await page.waitForSelector(`h1:has-text("${name}")`);
        await expectWhole(page);
      }
    });
  });

  it("refreshes the list and a run that is going, by itself", async () => {
    const whole = linesOf("runs/nightly/2026-11-26");
    partOf("runs/nightly/2026-11-26", "runs/going", 3);
    await viewing(async (url) => {
      const list = await openPage(url, 1280);
      const run = await openPage(url, 1280);
      await run.click('b:text-is("going")');
      await run.waitForSelector("text=3 of 20 records");
      appendFileSync(join(cwd, "runs/going/journal.jsonl"), whole.slice(3, 9).join(""));
      await Promise.all([list, run].map((page) => page.waitForSelector("text=9 of 20 records")));
      appendFileSync(join(cwd, "runs/going/journal.jsonl"), whole.slice(9).join(""));
      await run.waitForSelector(".badge.complete");
      partOf("runs/nightly/2026-11-26", "runs/appeared", 1);
      await list.waitForSelector('b:text-is("appeared")');
    });
  });

  it("says when the viewer has ended", async () => {
    let page: Page;
    await viewing(async (url) => {
      page = await openPage(url, 390);
      expect(await page.isVisible("#offline")).toBe(false);
    });
    await page!.waitForSelector("#offline:visible");
  });

  it("runs nothing that a run's names hold", async () => {
    const evil = await folderWith({});
    const name = "<img src=x onerror=document.title='broken'>";
    cpSync(join(cwd, "runs/half"), join(evil, "runs", name), { recursive: true });
    cwd = evil;
    await viewing(async (url) => {
      const page = await openPage(url, 390);
      expect(await page.textContent("b")).toBe(name);
      expect(await page.locator("img").count()).toBe(0);
      expect(await page.title()).toBe("Seawall: runs");
      await expectWhole(page);
    });
  });
});

/** A page on which no script fails and nothing is refused by its own policy. */
async function openPage(url: string, width: number): Promise<Page> {
  const page = await browser!.newPage({ viewport: { width, height: 800 }, colorScheme: "light" });
  page.on("pageerror", (error) => expect.fail(`a script failed: ${error}`));
  await page.goto(url);
  return page;
}

/** Nothing sticks out of the page, and no element that should hold text is empty or of no size. */
async function expectWhole(page: Page): Promise<void> {
  const faults = await page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    const name = (element) => element.tagName + " " + element.textContent.slice(0, 40);
    const seen = [...document.querySelectorAll("main *")].map((element) => [element, element.getBoundingClientRect()]);
    return [
      ...(document.documentElement.scrollWidth > width ? ["the page scrolls sideways"] : []),
      ...seen.filter(([, box]) => box.right > width + 1 || box.left < -1).map(([element]) => "beyond the edge: " + name(element)),
      ...seen.filter(([element, box]) => element.textContent.trim() && box.height < 8).map(([element]) => "without height: " + name(element)),
      ...seen.filter(([element]) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && getComputedStyle(element).display !== "inline").map(([element]) => "cut: " + name(element)),
    ];
  })()`);
  expect(faults).toEqual([]);
  expect((await page.textContent("main"))!.length).toBeGreaterThan(60);
}
