/** With UPDATE_DOCS=1, the pictures of docs/web.md: the page before, during and after an attack, side by side. */
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { it } from "vitest";
import { servePage } from "../../src/report/index.node.js";
import { openBrowser } from "../helpers/browser.js";

const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));

/** Windows, and the width that each picture has in the documentation. */
const windows = [
  { width: 1280, height: 900, shown: 640 },
  { width: 390, height: 844, shown: 390 },
];

it.runIf(process.env.UPDATE_DOCS)(
  "takes the pictures of its documentation",
  async () => {
    const { url, close } = await servePage(0);
    const browser = await openBrowser();
    for (const { shown, ...viewport } of windows) {
      for (const colorScheme of ["light", "dark"] as const) {
        const page = await browser.newPage({ viewport, colorScheme });
        await page.goto(`${url}#steps=40`);
        await page.waitForSelector("#start:enabled");
        const taken = [await page.screenshot()];
        await page.click("#start");
        await page.waitForSelector(".chart");
        await scrollToModels(page);
        await page.waitForTimeout(2000);
        taken.push(await page.screenshot());
        await page.waitForSelector("#start:enabled", { timeout: 100_000 });
        taken.push(await page.screenshot());
        await page.close();
        await sideBySide(taken, shown, docs(`web-${viewport.width}-${colorScheme}.png`));
      }
    }
    await browser.close();
    await close();
  },
  600_000,
);

/** On a telephone the models stand below the controls. */
async function scrollToModels(page: Page): Promise<void> {
  if (page.viewportSize()!.width < 900) await page.locator(".pane").first().scrollIntoViewIfNeeded();
}

const gap = 16;

async function sideBySide(pictures: readonly Buffer[], width: number, file: string): Promise<void> {
  const small = await Promise.all(
    pictures.map((picture) => sharp(picture).resize({ width }).png().toBuffer()),
  );
  const { height } = await sharp(small[0]).metadata();
  const ground = {
    width: pictures.length * (width + gap) - gap,
    height,
    channels: 3 as const,
    background: "#888",
  };
  const placed = small.map((input, i) => ({ input, left: i * (width + gap), top: 0 }));
  await sharp({ create: ground }).composite(placed).png({ palette: true }).toFile(file);
}
