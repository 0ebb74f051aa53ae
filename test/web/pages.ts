/** The built page on a server, opened in a browser, for the tests of a file that imports this. */
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { servePage } from "../../src/report/index.node.js";
import { hasBrowser, openBrowser, openPage } from "../helpers/browser.js";

export const demo = (path: string) => fileURLToPath(new URL(`../../demo/${path}`, import.meta.url));

export let url: string;
export let browser: Browser;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ url, close } = await servePage(0));
  if (hasBrowser) browser = await openBrowser();
  else console.warn("skipped: Chromium is missing, so that nothing is attacked in a page");
});
afterAll(async () => {
  await browser?.close();
  await close?.();
});

/** What pages did that they must not: messages of the console, failed scripts, requests to other servers. */
export const faults: string[][] = [];
afterEach(() => expect(faults.splice(0).flat()).toEqual([]));

/** The selector of a part of the model that stands on a side. */
export const part = (name: string, side = "left") => `[data-side="${side}"] [data-part="${name}"]`;

export const textOf = (page: Page, name: string, side?: string) => page.textContent(part(name, side));

/** The page with the fragile demo opened alone, or what the settings after `#` say. */
export async function openDemo(width: number, address = url, settings = "right=none"): Promise<Page> {
  const { page, faults: own } = await openPage(browser, `${address}#${settings}`, width);
  faults.push(own);
  await page.waitForSelector("#start:enabled");
  return page;
}

/** Attacks with the settings that are chosen, to the end. */
export async function attack(page: Page, { steps }: { readonly steps?: number } = {}): Promise<void> {
  if (steps !== undefined) await page.fill("#steps", String(steps));
  await page.click("#start");
  await page.waitForSelector("#start:enabled", { timeout: 100_000 });
}

export interface Row {
  readonly image: string;
  readonly attack: string;
  readonly right: number;
  readonly of: number;
}

/** The table of outcomes. */
export async function outcome(page: Page, side = "left"): Promise<Row[]> {
  const cells = await page.$$eval(`${part("outcome", side)} tbody tr`, (rows) =>
    rows.map((row) => [...row.querySelectorAll("td")].map(({ textContent }) => textContent ?? "")),
  );
  const count = (text = "") => Number(text.replaceAll(",", ""));
  return cells.map(([image = "", attack = "", right, of]) => ({
    image,
    attack,
    right: count(right),
    of: count(of),
  }));
}
