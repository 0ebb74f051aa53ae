/** What the fuzzer must notice, done on purpose by a plugin, which is the one file whose code runs. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { Contained } from "./contained.mjs";
import { makePlace } from "./place.mjs";

const place = makePlace();
const child = new Contained(place, { seconds: 2, clockSeconds: 10, bytes: 2 ** 29 });
afterAll(async () => {
  await child.stop();
  rmSync(place.top, { recursive: true, force: true });
});

/** How an evaluation ends that loads this code. */
function outcomeOf(name: string, code: string) {
  mkdirSync(place.folder, { recursive: true });
  writeFileSync(join(place.folder, `${name}.mjs`), code);
  const data = ["--model", "none.onnx", "--data", "folder:a,b", "--eps", "1/255"];
  return child.run(place.folder, ["eval", ...data, "--plugin", `${name}.mjs`, "--dry-run"]);
}

const secret = "../outside/secret.bin";

it.each([
  ["a crash", "crash", "process.abort();", { died: expect.stringMatching(/^SIGABRT/) }],
  [
    "a program that ends by itself",
    "end",
    "process.exit(0);",
    { died: expect.stringMatching(/^exit code 0/) },
  ],
  ["a loop without end", "loop", "for (;;);", { exceeded: "time" }],
  [
    "much memory",
    "memory",
    "globalThis.kept = Buffer.alloc(2 ** 30, 1); setTimeout(() => {}, 1e6); await new Promise(() => {});",
    { exceeded: "memory" },
  ],
  [
    "a file outside that is read",
    "read",
    `import { readFileSync } from "node:fs"; readFileSync("${secret}");`,
    { text: expect.stringContaining("guard: opens") },
  ],
  [
    "a file outside that is written",
    "write",
    `import { writeFile } from "node:fs/promises"; await writeFile("${secret}", "");`,
    { text: expect.stringContaining("guard: writes") },
  ],
  [
    "a process",
    "start",
    `import { execSync } from "node:child_process"; execSync("true");`,
    { text: expect.stringContaining("guard: starts true") },
  ],
  [
    "nothing",
    "nothing",
    "export default { name: 'nothing' };",
    { code: 2, text: expect.stringContaining("none.onnx") },
  ],
])("%s is noticed", async (_, name, code, expected) => {
  expect(await outcomeOf(name, code)).toMatchObject(expected);
});
