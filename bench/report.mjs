/**
 * Measures time and memory of `seawall report` for a run of many images, and the size of the page.
 *
 *     node bench/report.mjs [IMAGES [ATTACKS [CLASSES [FOLDER-OF-PROFILES]]]]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeRun } from "./made-run.mjs";

const [images = 1000, attacks = 4, classes = 11] = process.argv.slice(2, 5).map(Number);
const profiles = process.argv[5];
const named = {
  ...(attacks !== 4 && { attacks: Array.from({ length: attacks }, (_, i) => `made-up-${i + 1}`) }),
  ...(classes !== 11 && { classNames: Array.from({ length: classes }, (_, i) => `class ${i}`) }),
};
const folder = mkdtempSync(join(tmpdir(), "seawall-bench-"));
const dir = join(folder, "run");
try {
  await makeRun(dir, { images, eps: ["1/255"], traces: 4, ...named });
  const program = fileURLToPath(new URL("../dist/bundle/main.js", import.meta.url));
  const atExit =
    'process.on("exit", () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();' +
    "console.log(maxRSS, userCPUTime + systemCPUTime) })";
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...(profiles ? ["--cpu-prof", "--cpu-prof-dir", profiles] : []),
      "--import",
      `data:text/javascript,${encodeURIComponent(atExit)}`,
      program,
      "report",
      dir,
      "--format",
      "html,csv,junit",
    ],
    { encoding: "utf8" },
  );
  const seconds = (performance.now() - begun) / 1000;
  if (status !== 0) throw new Error(stderr);
  const bytes = (name) => `${(statSync(join(dir, name)).size / 2 ** 20).toFixed(1)} MB`;
  const [kilobytes, microseconds] = stdout.split(" ").map(Number);
  console.log(
    `${images} images × ${attacks} attacks, ${classes} classes: ${seconds.toFixed(1)} s (${(microseconds / 1e6).toFixed(1)} s of processor), ${Math.round(kilobytes / 1024)} MB of memory`,
  );
  console.log(
    `journal ${bytes("journal.jsonl")}, report.html ${bytes("report.html")}, images.csv ${bytes("images.csv")}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
