/**
 * The page that attacks beside Node: passes per second of the same attack on the robust demo, in alternation, and how long the
 * page takes to its first picture.
 *
 *     npm run build:page && node bench/page.mjs [--steps 100] [--rounds 3]
 *
 * Needs Chromium. The page runs on WebAssembly with a thread for each processor, and draws pictures while it attacks.
 */
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { runEvaluation } from "../dist/index.js";
import { servePage } from "../dist/report/index.node.js";

const { values } = parseArgs({
  options: { steps: { type: "string", default: "100" }, rounds: { type: "string", default: "3" } },
});
const steps = Number(values.steps);
const attack = "apgd:mask-ce";

async function inPage(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const start = performance.now();
  await page.goto(`${url}#left=robust&right=none&steps=${steps}`);
  await page.waitForSelector("#start:enabled");
  const firstPicture = (performance.now() - start) / 1000;
  await page.click("#start");
  await page.waitForSelector("#stop:enabled");
  await page.waitForSelector("#start:enabled", { timeout: 600_000 });
  const [, rate] = /([\d.]+) passes per second/.exec(await page.textContent('[data-part="rate"]'));
  await context.close();
  return { rate: Number(rate), firstPicture };
}

async function inNode() {
  const times = [];
  await runEvaluation(
    {
      ...{ model: "demo/robust.onnx", data: "folder:demo/street", labels: "self", eps: "4/255" },
      ...{ attacks: attack, steps, parallel: 1, trace: 1 },
    },
    { onPoint: ({ record }) => void (record.attack === attack && times.push(record.seconds)) },
  );
  // Three stages, each with a pass before its steps and one that counts pixels.
  return (steps + 2 * 3) / times[0];
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const { url, close } = await servePage(0);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--headless", "--disable-background-networking"],
});
const rounds = [];
for (let i = 0; i < Number(values.rounds); i++)
  rounds.push({ ...(await inPage(browser, url)), node: await inNode() });
await browser.close();
await close();
const of = (name) => median(rounds.map((round) => round[name]));
console.log(
  `${attack}, ${steps} steps: page ${of("rate").toFixed(1)} passes per second, Node ${of("node").toFixed(1)}, ratio of medians ${(of("rate") / of("node")).toFixed(2)}`,
);
console.log(`first picture after ${of("firstPicture").toFixed(1)} s`);
