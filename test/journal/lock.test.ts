/** Runs respect the lock of their folder (test/base/lock.test.ts has the lock itself), and survive being killed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { formatJson } from "../../src/base/index.js";
import { summarize } from "../../src/journal/index.js";
import { openRun, readRun } from "../../src/journal/index.node.js";
import { describeWith, journalText, recordsOf, temporaryFolder } from "./runs.js";

const run = describeWith();
const records = recordsOf(run);
const lockOf = (dir: string) => join(dir, "run.lock");
const reopen = (dir: string) => openRun(dir, run, { resume: true });

describe("a run folder in use", () => {
  it("is refused to a second writer, and free when the first closes", async () => {
    const dir = temporaryFolder();
    const first = await openRun(dir, run);
    await expect(reopen(dir)).rejects.toThrow(
      `process ${process.pid} on ${hostname()} is writing to this folder`,
    );
    await first.append(records[0]!);
    first.close();
    expect(existsSync(lockOf(dir))).toBe(false);
    (await reopen(dir)).close();
  });

  it("is not written to once another process has taken it over", async () => {
    const dir = temporaryFolder();
    const open = await openRun(dir, run);
    await open.append(records[0]!);
    writeFileSync(lockOf(dir), JSON.stringify({ pid: 1, host: "elsewhere", started: "", token: "other" }));
    await expect(open.append(records[1]!)).rejects.toThrow("another process has taken over this run");
    open.close();
    expect(existsSync(lockOf(dir)), "the other's lock stays").toBe(true);
    expect(readRun(dir).records).toEqual(records.slice(0, 1));
  });
});

/** Runs in its own process: appends the records that are missing, one after the other, until it is killed. */
const worker = `
  import { readFileSync } from "node:fs";
  import { createViteServer } from "vitest/node";
  const [dir, input] = process.argv.slice(1);
  const server = await createViteServer({
    configFile: false, logLevel: "error", optimizeDeps: { noDiscovery: true, include: [] },
    server: { middlewareMode: true, watch: null, ws: false, hmr: false },
  });
  const { openRun } = await server.ssrLoadModule("/src/journal/index.node.ts");
  const { run, records } = JSON.parse(readFileSync(input, "utf8"));
  const open = await openRun(dir, run, { resume: true });
  for (const record of records) {
    if (open.has(record)) continue;
    await open.append(record);
    process.stdout.write(".");
  }
  open.close();
  await server.close();
`;

it("a killed process leaves a run that resumes by itself, to the same bytes", async () => {
  const folder = temporaryFolder();
  const [dir, input] = [join(folder, "run"), join(folder, "input.json")];
  const long = describeWith({ data: { images: 120 } });
  const list = recordsOf(long);
  writeFileSync(input, JSON.stringify({ run: long, records: list }));
  const root = fileURLToPath(new URL("../..", import.meta.url));

  let kills = 0;
  for (const dots of [1, 40, 90, Number.POSITIVE_INFINITY]) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", worker, dir, input], { cwd: root });
    let [seen, errors] = [0, ""];
    child.stderr.on("data", (text) => {
      errors += text;
    });
    child.stdout.on("data", (text: Buffer) => {
      seen += text.length;
      if (seen >= dots) child.kill("SIGKILL");
    });
    const [code, signal] = await once(child, "close");
    if (signal === "SIGKILL") kills++;
    else expect([code, errors]).toEqual([0, ""]);
    if (signal === "SIGKILL") expect(existsSync(lockOf(dir))).toBe(true);
  }
  expect(kills).toBe(3);
  expect(readFileSync(join(dir, "journal.jsonl"), "utf8")).toBe(journalText(long, list));
  expect(formatJson(summarize(long, readRun(dir).records))).toBe(formatJson(summarize(long, list)));
});
