/** Takes the pictures of docs/view.md: node tools/view-pictures.mjs FOLDER RUN, where Debian's chromium is. */
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serveRuns } from "../dist/report/index.node.js";

const [folder, run] = process.argv.slice(2);
const docs = fileURLToPath(new URL("../docs/", import.meta.url));
const server = await serveRuns([folder], 0);
const args = ["--no-sandbox", "--headless", "--disable-background-networking"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
for (const width of [1280, 390]) {
  const page = await browser.newPage({ viewport: { width, height: 400 }, colorScheme: "light" });
  await page.goto(server.url);
  await page.screenshot({ path: `${docs}view-list-${width}.png`, fullPage: true });
  await page.click(`b:text-is("${run}")`);
  await page.waitForSelector("table");
  await page.screenshot({ path: `${docs}view-run-${width}.png`, fullPage: true });
}
await browser.close();
await server.close();
