/** A run that is killed goes on in another place and at another time, and is written by one process at a time. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { sampleFolder, seawall, shortEval } from "../cli/program.js";
import { journalOf, program, resultOf } from "./program.mjs";

let cwd: string;
const at = (name: string) => join(cwd, name);
const flags = [...shortEval.slice(0, -2), "--steps", "300", "--parallel", "1"];

beforeAll(async () => {
  cwd = await sampleFolder();
  expect(spawnSync(process.execPath, [program, ...flags, "--out", "alone"], { cwd }).status).toBe(0);
});

/** Starts a run. Fulfilled when its journal has a record, and it has more to do. */
async function begun(out: string, env: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
  const options = { cwd, env: { ...process.env, ...env }, stdio: "ignore" } as const;
  const child = spawn(process.execPath, [program, ...flags, "--out", out], options);
  onTestFinished(() => void child.kill("SIGKILL"));
  const journal = join(at(out), "journal.jsonl");
  while (!existsSync(journal) || statSync(journal).size === 0) await sleep(5);
  expect(child.exitCode).toBe(null);
  return child;
}

/** A process whose clock is so many hours ahead. */
function clock(hours: number) {
  const source = `const now = Date.now, own = Date;
    globalThis.Date = class extends own {
      constructor(...parts) { parts.length > 0 ? super(...parts) : super(Date.now()); }
      static now() { return now() + ${3_600_000 * hours}; }
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(source)}` };
}

function expectAsAlone(dir: string): void {
  expect(resultOf(dir)).toBe(resultOf(at("alone")));
  expect(journalOf(dir)).toEqual(journalOf(at("alone")));
}

it("a second process is refused and does no harm to the first", async () => {
  const first = await begun("shared");
  const second = await seawall([...flags, "--out", "shared", "--resume"], { cwd });
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(`process ${first.pid} on`);
  const [code] = await once(first, "exit");
  expect(code).toBe(0);
  expectAsAlone(at("shared"));
});

it("a killed run goes on in a folder that was moved, by a clock that was put forward or back", async () => {
  const killed = await begun("before", clock(-24));
  killed.kill("SIGKILL");
  await once(killed, "exit");
  renameSync(at("before"), at("after"));
  const resumed = await seawall([...flags, "--out", "after", "--resume"], { cwd, env: clock(24) });
  expect(resumed.stderr).toMatch(/resumed +\d+ of 15 records/);
  expect(resumed.code).toBe(0);
  expectAsAlone(at("after"));
});
